"""The pages: front, search, project, errors, and what browsers are told about all of them."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from registry.headers import CONTENT_SECURITY_POLICY
from registry.models import Project, Release, Role
from registry.templatetags.moments import ago
from tests.factories import make_file, make_project, make_release, make_sdist, make_user
from tokens.models import Provenance

pytestmark = pytest.mark.django_db


def text(answer):
    return " ".join(answer.content.decode().split())


@pytest.fixture
def project():
    return make_project("Sample.Project", make_user())


class TestFront:
    """The front page."""

    def test_it_says_how_to_point_tools_here(self, client, settings):
        settings.SITE_URL = "https://packages.example"
        page = text(client.get("/"))
        for address in (
            'url = "https://packages.example/simple/"',
            'publish-url = "https://packages.example/legacy/"',
            "pip config set global.index-url https://packages.example/simple/",
            "twine upload --repository-url https://packages.example/legacy/",
        ):
            assert address in page.replace("&quot;", '"')

    def test_an_empty_registry_says_what_to_do(self, client):
        assert "Nothing is published yet" in text(client.get("/"))

    def test_it_shows_the_newest_releases(self, client, project):
        make_file(project, "1.0", summary="Does <things>")
        make_sdist(project, "1.0")
        make_file(make_project("concealed", status=Project.Status.QUARANTINED))
        page = text(client.get("/"))
        assert page.count('<span class="version">1.0</span>') == 1
        assert "Does &lt;things&gt;" in page
        assert "concealed" not in page

    def test_one_project_does_not_crowd_out_the_others(self, client, project):
        make_file(make_project("other"))
        for number in range(12):
            make_file(project, f"{number}.0")
        page = text(client.get("/"))
        assert page.count('<a class="name"') == 2
        assert page.index('>Sample.Project</a> <span class="version">11.0<') < page.index(">other</a>")

    def test_it_costs_two_queries(self, client, django_assert_num_queries):
        for number in range(12):
            make_file(make_project(f"tool-{number}"))
        with django_assert_num_queries(2):
            assert text(client.get("/")).count('class="version"') == 8


class TestSearch:
    """``/?q=``."""

    @pytest.mark.parametrize(
        "query", ["sample", "Sample.Project", "sample_project", "sample project", "PLE-PRO", "-project"]
    )
    def test_a_part_of_any_spelling_finds_it(self, client, project, query):
        make_file(project, "1.0", summary="Does things")
        make_file(project, "2.0rc1")
        page = text(client.get("/", {"q": query}))
        assert '<a class="name" href="/project/sample-project/">Sample.Project</a>' in page
        assert "Does things" in page

    @pytest.mark.parametrize("query", ["nothing", "%", "_", "<b>", "\x00", "sample\x00", "é", "\ud800", "a" * 5000])
    def test_what_finds_nothing_says_so(self, client, project, query):
        answer = client.get(
            "/?q=" + query if query == "%" else "/",
            {} if query == "%" else {"q": query.encode("utf-8", "surrogatepass")},
        )
        assert answer.status_code == 200
        assert "No project has this in its name" in text(answer)
        assert "<b>" not in text(answer)

    def test_the_closest_comes_first_and_the_rest_is_cut(self, client, django_assert_num_queries):
        for name in [*(f"tool-{number:02}" for number in range(60)), "tool"]:
            make_release(make_project(name))
        with django_assert_num_queries(3):
            page = text(client.get("/?q=tool"))
        assert page.count('<a class="name"') == 50
        assert page.index(">tool</a>") < page.index(">tool-00</a>")
        assert "These are the first 50" in page


class TestProject:
    """``/project/NAME/``."""

    def test_it_shows_the_latest_release_with_its_files(self, client, project, settings):
        make_file(project, "1.0")
        file = make_file(
            project,
            "1.1",
            summary="Does things",
            requires_python=">=3.11",
            license_expression="MIT",
            description="Hi <b>",
        )
        page = text(client.get("/project/sample-project/"))
        for part in (
            "Does things",
            "&gt;=3.11",
            "MIT",
            "Hi &lt;b&gt;",
            file.sha256,
            f'href="{settings.SITE_URL}/files/{file.path}"',
            f"uv pip install --index-url {settings.SITE_URL}/simple/ sample-project==1.1",
            'href="/project/sample-project/1.0/"',
            "alice",
        ):
            assert part in page, part

    def test_an_older_release_has_its_own_address(self, client, project):
        make_file(project, "1.0")
        make_file(project, "1.1")
        page = text(client.get("/project/sample-project/1.0.0/"))
        assert "sample_project-1.0-py3-none-any.whl" in page
        assert "sample_project-1.1-py3-none-any.whl" not in page
        assert "A newer release is available" in page

    def test_a_project_without_releases_teaches(self, client, project):
        assert "No release yet" in text(client.get("/project/sample-project/"))

    def test_a_yanked_release_says_why(self, client, project):
        make_file(project)
        Release.objects.update(yanked_at=timezone.now(), yanked_reason="it breaks")
        assert "it breaks" in text(client.get("/project/sample-project/"))

    @pytest.mark.parametrize("status", ["archived", "deprecated", "quarantined"])
    def test_a_status_is_said(self, client, project, status):
        file = make_file(project)
        Project.objects.update(status=status)
        page = text(client.get("/project/sample-project/"))
        assert status.title() in page
        assert (file.sha256 in page) is (status != "quarantined")

    def test_only_web_addresses_become_links(self, client, project):
        urls = {
            "Good": "https://good.example/",
            "Bad": "javascript:alert(1)",
            "Odd": "https://[",
            "Data": "data:text/html,x",
        }
        make_release(project, "1.0", project_urls=urls, home_page="http://home.example/", download_url="UNKNOWN")
        page = text(client.get("/project/sample-project/"))
        assert 'href="https://good.example/"' in page
        assert 'href="http://home.example/"' in page
        assert "javascript:" not in page
        assert "data:text" not in page

    @pytest.mark.parametrize(
        "path", ["unknown/", "%00/", "sample-project/9/", "sample-project/%00/", "sample-project/what/"]
    )
    def test_what_is_not_there_is_404(self, client, project, path):
        make_release(project)
        assert client.get(f"/project/{path}").status_code == 404

    @pytest.mark.parametrize(
        ("path", "location"), [("Sample.Project/", "sample-project/"), ("Sample_Project/1.0/", "sample-project/1.0/")]
    )
    def test_other_spellings_lead_to_the_normal_name(self, client, project, path, location):
        assert client.get(f"/project/{path}")["Location"] == f"/project/{location}"

    def test_it_costs_five_queries_however_much_there_is(self, client, project, django_assert_num_queries):
        for number in range(20):
            make_file(project, f"{number}.0")
        for tag in ("cp311-cp311-win32", "cp312-cp312-win32"):
            make_file(project, "19.0", tag=tag)
        Role.objects.create(project=project, user=make_user("bob"), role=Role.Kind.MAINTAINER)
        with django_assert_num_queries(5):
            page = text(client.get("/project/sample-project/"))
        assert "8 older" in page


class TestProvenance:
    """Where a file came from."""

    @pytest.fixture
    def published(self, project):
        file = make_file(project)
        return Provenance.objects.create(
            file=file,
            filename=file.filename,
            sha256=file.sha256,
            project_name="sample-project",
            version="1.0",
            uploader="GitHub Actions: octo-org/sampleproject",
            publisher={"provider": "github", "fields": {"owner": "octo-org"}},
            claims={"run_id": "4711", "actor": "<octocat>"},
        )

    def test_a_trusted_publisher_is_named(self, client, published):
        page = text(client.get("/project/sample-project/"))
        assert "Trusted publisher" in page
        assert "GitHub Actions: octo-org/sampleproject" in page

    def test_claims_are_for_people_who_signed_in(self, client, published):
        assert "4711" not in text(client.get("/project/sample-project/"))
        client.force_login(make_user("bob"))
        page = text(client.get("/project/sample-project/"))
        assert "4711" in page
        assert "&lt;octocat&gt;" in page

    def test_a_persons_token_is_said(self, client, published):
        Provenance.objects.update(publisher={}, claims={}, uploader="alice-the-uploader")
        page = text(client.get("/project/sample-project/"))
        assert "alice-the-uploader" in page
        assert "Trusted publisher" not in page

    def test_a_file_without_one_is_shown_too(self, client, project):
        make_file(project)
        page = text(client.get("/project/sample-project/"))
        assert "provenance" not in page


class TestErrors:
    """A small page, or JSON."""

    def test_people_get_a_page(self, client):
        answer = client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status_code == 404
        assert "There is nothing at this address." in text(answer)
        assert answer["Cache-Control"] == "no-store"

    def test_programs_get_json(self, client):
        answer = client.get("/project/unknown/", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()) == (
            404,
            {"message": "There is no project called unknown.", "code": "404 Not found"},
        )

    def test_a_foreign_host_is_a_bad_request(self, client):
        answer = client.get("/", headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert b"evil.example" not in answer.content

    def test_a_failure_is_a_page_that_needs_no_database(self, monkeypatch, caplog):
        def fail(*_args):
            raise ZeroDivisionError("secret detail")

        monkeypatch.setattr("registry.pages.front._newest", fail)
        client = Client(raise_request_exception=False)
        answer = client.get("/")
        assert answer.status_code == 500
        assert "secret detail" not in text(answer)
        assert "Something broke" in text(answer)
        assert client.get("/", headers={"Accept": "application/json"}).json()["code"] == "500 Something broke"

    def test_a_forged_form_is_refused_with_a_page(self):
        answer = Client(enforce_csrf_checks=True).post("/account/login/", {"username": "x"})
        assert answer.status_code == 403
        assert "did not come from this registry" in text(answer)

    @pytest.mark.parametrize(
        "path",
        [
            "/%00",
            "/%ff",
            "/%ED%A0%80/",
            "/simple/%00/",
            "/files/%00",
            "/project/%00/",
            "/?q=%ff%00",
            "//",
            "/%0d%0a",
            "/admin/%00/",
        ],
    )
    @pytest.mark.parametrize("accept", ["text/html;q*=nowhere''x", "\x00", "*/*;q=\xff", "text/html;" * 500])
    def test_nonsense_is_never_a_500(self, client, path, accept):
        assert client.get(path, headers={"Accept": accept}).status_code < 500

    @pytest.mark.parametrize(
        "cookie", ['sessionid="\\000aaaaaaaaaa"', "sessionid=\xff\xfe", 'csrftoken="\\000"', "messages=x"]
    )
    @pytest.mark.parametrize("path", ["/", "/simple/", "/admin/", "/nowhere"])
    def test_nor_are_odd_cookies(self, client, path, cookie):
        assert client.get(path, headers={"Cookie": cookie}).status_code < 500


class TestPolicy:
    """What browsers may load."""

    @pytest.mark.parametrize("path", ["/", "/project/sample-project/", "/simple/", "/nowhere", "/account/login/"])
    def test_every_page_says_it(self, client, project, path):
        assert client.get(path)["Content-Security-Policy"] == CONTENT_SECURITY_POLICY

    def test_other_answers_need_none(self, client):
        assert "Content-Security-Policy" not in client.get("/simple/?format=application/vnd.pypi.simple.v1%2Bjson")

    @pytest.mark.parametrize("path", ["/", "/project/sample-project/", "/nowhere"])
    def test_our_pages_hold_no_script_or_style(self, client, project, path):
        page = text(client.get(path))
        assert " style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count("<script src=") == 1


def test_a_person_who_signed_in_is_named_and_can_leave(client):
    client.force_login(make_user("alice", is_staff=True))
    page = text(client.get("/"))
    assert "alice" in page
    assert 'action="/account/logout/"' in page
    assert 'href="/admin/"' in page


@pytest.mark.parametrize("path", ["/", "/simple/", "/nowhere", "/account/login/"])
def test_head_says_how_long_the_body_would_be(client, path):
    assert client.head(path)["Content-Length"] == str(len(client.get(path).content))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "just now"), (59, "just now"), (60, "1 minute ago"), (3 * 86400 + 7200, "3 days ago")]
)
def test_dates_are_relative(seconds, words):
    assert ago(timezone.now() - datetime.timedelta(seconds=seconds)).replace("\xa0", " ") == words
