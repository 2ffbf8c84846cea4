"""``/simple/`` and ``/simple/NAME/``."""

import json

import pytest
from django.utils import timezone

from registry.models import Project, Release
from tests.factories import make_file, make_project, make_sdist, make_user

pytestmark = pytest.mark.django_db

HTML = "text/html"
V1_HTML = "application/vnd.pypi.simple.v1+html"
V1_JSON = "application/vnd.pypi.simple.v1+json"
PIP = f"{V1_JSON}, {V1_HTML}; q=0.1, text/html; q=0.01"
UV = f"{V1_JSON}, {V1_HTML};q=0.2, text/html;q=0.01"


def read(client, path, accept=V1_JSON, **headers):
    return client.get(path, headers={"Accept": accept, **headers})


def detail(client, name="sampleproject"):
    return read(client, f"/simple/{name}/").json()


@pytest.fixture
def project():
    return make_project("Sample.Project")


class TestForms:
    """PEP 691: which form an answer has."""

    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("", HTML),
            ("*/*", HTML),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
            (PIP, V1_JSON),
            (UV, V1_JSON),
            (V1_HTML, V1_HTML),
            (f"{V1_HTML};q=0.2, {V1_JSON};q=0.1", V1_HTML),
            (f"{V1_HTML};q=0.2, {V1_JSON};q=0.2, text/html;q=0.2", HTML),
            (f"{HTML};q=0, */*", V1_HTML),
            ("application/vnd.pypi.simple.latest+json", V1_JSON),
            ("application/vnd.pypi.simple.latest+html", V1_HTML),
            ("application/vnd.pypi.simple.v2+json", HTML),
            ("image/png", HTML),
        ],
    )
    @pytest.mark.parametrize("path", ["/simple/", "/simple/sample-project/"])
    def test_accept_says_which(self, client, project, path, accept, expected):
        answer = read(client, path, accept)
        assert answer.status_code == 200
        assert answer["Content-Type"].split(";")[0] == expected
        assert answer["Vary"] == "Accept"

    def test_a_format_is_read_as_pep_691_writes_it(self, client, project):
        answer = client.get("/simple/sample-project/?format=application/vnd.pypi.simple.v1+json")
        assert answer["Content-Type"] == V1_JSON

    @pytest.mark.parametrize(
        ("query", "expected"),
        [({"format": V1_JSON}, V1_JSON), ({"format": V1_HTML}, V1_HTML), ({"format": "json"}, HTML)],
    )
    def test_a_format_in_the_address_goes_before_accept(self, client, project, query, expected):
        answer = client.get("/simple/sample-project/", query, headers={"Accept": "application/json"})
        assert answer["Content-Type"].split(";")[0] == expected


class TestNames:
    """PEP 503: one address per project."""

    @pytest.mark.parametrize("name", ["Sample.Project", "sample_project", "sample--project", "SAMPLE-PROJECT"])
    def test_other_spellings_lead_to_the_normal_one(self, client, project, name):
        answer = client.get(f"/simple/{name}/", {"format": V1_JSON})
        assert answer.status_code == 301
        assert answer["Location"].startswith("/simple/sample-project/?format=application")

    def test_a_missing_slash_is_added(self, client, project):
        assert client.get("/simple/sample-project")["Location"] == "/simple/sample-project/"

    @pytest.mark.parametrize("method", ["get", "head"])
    @pytest.mark.parametrize(
        ("path", "whole"),
        [
            ("/simple", "/simple/"),
            ("/simple?format=x", "/simple/?format=x"),
            ("/simple/Sample_Project", "/simple/sample-project/"),
            ("/simple/unknown?a=b", "/simple/unknown/?a=b"),
        ],
    )
    def test_an_address_without_its_slash_leads_there_in_one_step(self, client, db, method, path, whole):
        answer = getattr(client, method)(path)
        assert (answer.status_code, answer["Location"]) == (301, whole)

    @pytest.mark.parametrize("path", ["/simple", "/simple/sample-project"])
    def test_what_was_sent_there_is_not_lost_on_the_way(self, client, db, path):
        # A redirect would have it sent nowhere: clients follow by GET.
        for method in ("post", "put", "delete"):
            answer = getattr(client, method)(path)
            assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")

    @pytest.mark.parametrize("path", ["%00", "-", "a" * 201])
    def test_what_is_no_name_leads_nowhere(self, client, db, path):
        assert client.get(f"/simple/{path}").status_code == 404

    @pytest.mark.parametrize(
        "path", ["unknown", "%00", "a%00b", "%ff%fe", "%ED%A0%80", "..", "-", "%0A", "a%0A", "ſample", "a" * 201]
    )
    def test_what_is_not_there_is_404(self, client, project, path):
        answer = client.get(f"/simple/{path}/")
        assert answer.status_code == 404
        assert answer["Cache-Control"] == "no-store"


class TestDetail:
    """The files of a project."""

    def test_a_wheel_is_described(self, client, project, settings):
        file = make_file(project, "1.0", requires_python=">=3.11,<4")
        assert detail(client, "sample-project") == {
            "meta": {"api-version": "1.4", "_last-serial": 1},
            "name": "sample-project",
            "project-status": {"status": "active"},
            "versions": ["1.0"],
            "files": [
                {
                    "filename": "sample_project-1.0-py3-none-any.whl",
                    "url": f"{settings.SITE_URL}/files/{file.path}",
                    "hashes": {"sha256": file.sha256},
                    "requires-python": ">=3.11,<4",
                    "size": file.size,
                    "upload-time": file.uploaded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                    "yanked": False,
                    "core-metadata": {"sha256": file.metadata_sha256},
                    "data-dist-info-metadata": {"sha256": file.metadata_sha256},
                    "provenance": None,
                }
            ],
        }

    def test_the_html_says_the_same(self, client, project, settings):
        file = make_file(project, "1.0", requires_python=">=3.11,<4")
        page = client.get("/simple/sample-project/").content.decode()
        digest = f"sha256={file.metadata_sha256}"
        assert (
            f'<a href="{settings.SITE_URL}/files/{file.path}#sha256={file.sha256}"'
            f' data-requires-python="&gt;=3.11,&lt;4" data-dist-info-metadata="{digest}"'
            f' data-core-metadata="{digest}">sample_project-1.0-py3-none-any.whl</a><br>' in page
        )
        assert '<meta name="pypi:repository-version" content="1.4">' in page
        assert '<meta name="pypi:project-status" content="active">' in page

    def test_an_sdist_has_no_metadata_beside_it(self, client, project):
        make_sdist(project)
        (file,) = detail(client, "sample-project")["files"]
        assert file["core-metadata"] is False
        assert "requires-python" not in file
        assert "metadata" not in client.get("/simple/sample-project/").content.decode()

    def test_versions_are_in_order(self, client, project):
        for version in ("1.10", "1.9", "2.0rc1", "1!0.1", "1.9+local.1"):
            make_file(project, version)
        assert detail(client, "sample-project")["versions"] == ["1.9", "1.9+local.1", "1.10", "2.0rc1", "1!0.1"]

    def test_letters_with_a_meaning_in_addresses_are_quoted(self, client, project, settings):
        make_file(project, "1!2.0+local.1")
        (file,) = detail(client, "sample-project")["files"]
        assert file["url"].endswith("/sample_project-1%212.0%2Blocal.1-py3-none-any.whl")
        assert client.head(file["url"].removeprefix(settings.SITE_URL)).status_code == 200

    @pytest.mark.parametrize(
        ("reason", "in_json", "in_html"),
        [("", True, 'data-yanked=""'), ('a "bad" <build>', 'a "bad" <build>', "a &quot;bad&quot; &lt;build&gt;")],
    )
    def test_a_yanked_release_says_why(self, client, project, reason, in_json, in_html):
        make_file(project)
        Release.objects.update(yanked_at=timezone.now(), yanked_reason=reason)
        assert detail(client, "sample-project")["files"][0]["yanked"] == in_json
        assert in_html in client.get("/simple/sample-project/").content.decode()

    @pytest.mark.parametrize(("status", "served"), [("archived", 1), ("deprecated", 1), ("quarantined", 0)])
    def test_a_status_marks_the_project(self, client, project, status, served):
        make_file(project)
        Project.objects.update(status=status)
        document = detail(client, "sample-project")
        assert document["project-status"] == {"status": status}
        assert (len(document["files"]), len(document["versions"])) == (served, served)
        assert f'content="{status}"' in client.get("/simple/sample-project/").content.decode()


class TestIndex:
    """The list of projects."""

    def test_it_names_every_project(self, client):
        for name in ("zebra", "Ant.Farm"):
            make_project(name)
        assert read(client, "/simple/").json() == {
            "meta": {"api-version": "1.4"},
            "projects": [{"name": "Ant.Farm"}, {"name": "zebra"}],
        }
        assert '<a href="/simple/ant-farm/">Ant.Farm</a><br>' in client.get("/simple/").content.decode()

    def test_it_may_be_empty(self, client):
        assert read(client, "/simple/").json()["projects"] == []


class TestCaching:
    """Kept by anybody, asked about each time, and cheap to ask about."""

    @pytest.mark.parametrize("path", ["/simple/", "/simple/sample-project/"])
    @pytest.mark.parametrize("accept", [HTML, V1_HTML, V1_JSON])
    def test_an_unchanged_page_is_304(self, client, project, path, accept):
        make_file(project)
        first = read(client, path, accept)
        again = read(client, path, accept, **{"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        for header in ("ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin"):
            assert again[header] == first[header]

    def test_no_cache_may_answer_for_us(self, client, project):
        assert read(client, "/simple/sample-project/")["Cache-Control"] == "public, no-cache"

    @pytest.mark.parametrize("path", ["/simple/", "/simple/sample-project/"])
    def test_each_form_has_its_own_etag(self, client, project, path):
        assert len({read(client, path, accept)["ETag"] for accept in (HTML, V1_HTML, V1_JSON)}) == 3

    @pytest.mark.parametrize("path", ["/simple/", "/simple/sample-project/"])
    def test_a_new_file_changes_it(self, client, project, path):
        before = read(client, path)["ETag"]
        make_file(project)
        assert read(client, path, **{"If-None-Match": before}).status_code == 200

    def test_so_does_a_status(self, client, project):
        before = read(client, "/simple/sample-project/")["ETag"]
        Project.objects.update(status="archived")
        assert read(client, "/simple/sample-project/")["ETag"] != before

    def test_so_does_a_public_address(self, client, project, settings):
        before = read(client, "/simple/sample-project/")["ETag"]
        settings.SITE_URL = "https://elsewhere.example"
        assert read(client, "/simple/sample-project/")["ETag"] != before

    def test_an_etag_comes_back_only_with_what_it_named(self, client):
        named: dict[str, bytes] = {}
        for step in (
            lambda: make_project("one"),
            lambda: make_project("two"),
            lambda: make_file(Project.objects.get(name="two")),
            lambda: Project.objects.get(name="one").delete(),
            lambda: make_project("three"),
            lambda: Project.objects.get(name="three").delete(),
            lambda: make_project("four"),
            lambda: Project.objects.get(name="two").delete(),
        ):
            step()
            answer = read(client, "/simple/")
            assert named.setdefault(answer["ETag"], answer.content) == answer.content
        assert len(named) >= 7

    def test_programs_in_browsers_may_read_it(self, client, project):
        assert read(client, "/simple/sample-project/")["Access-Control-Allow-Origin"] == "*"


class TestQueries:
    """What a page costs."""

    @pytest.fixture
    def many(self, project):
        for number in range(5):
            make_file(project, f"{number}.0")
        return project

    def test_a_page_costs_two(self, client, many, django_assert_num_queries):
        with django_assert_num_queries(2):
            assert len(json.loads(read(client, "/simple/sample-project/").content)["files"]) == 5

    def test_an_unchanged_one_costs_one(self, client, many, django_assert_num_queries):
        etag = read(client, "/simple/sample-project/")["ETag"]
        with django_assert_num_queries(1):
            assert read(client, "/simple/sample-project/", **{"If-None-Match": etag}).status_code == 304

    def test_the_index_costs_two_and_one(self, client, many, django_assert_num_queries):
        with django_assert_num_queries(2):
            etag = read(client, "/simple/")["ETag"]
        with django_assert_num_queries(1):
            assert read(client, "/simple/", **{"If-None-Match": etag}).status_code == 304

    def test_a_bad_name_costs_none(self, client, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert client.get("/simple/%00/").status_code == 404

    def test_descriptions_are_not_read(self, client, project, django_assert_num_queries):
        make_file(project, description="x" * 1000)
        with django_assert_num_queries(2) as asked:
            read(client, "/simple/sample-project/")
        assert not any('"registry_release"."metadata"' in query["sql"] for query in asked.captured_queries)


@pytest.mark.parametrize("path", ["/simple/", "/simple/sample-project/"])
def test_a_stale_password_stops_nobody_on_an_open_registry(client, project, path):
    assert read(client, path, Authorization="Basic bm9ib2R5Ondyb25n").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_index_is_for_reading(client, method):
    assert getattr(client, method)("/simple/").status_code == 405


def test_the_owner_is_not_named(client):
    make_project("sampleproject", make_user("alice"))
    assert b"alice" not in client.get("/simple/sampleproject/").content
