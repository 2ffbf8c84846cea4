"""PyPI's JSON API."""

import pytest
from django.utils import timezone

from registry.models import File, Project, Release
from tests.factories import make_file, make_project, make_release, make_sdist

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("Sample.Project")


def test_a_project_is_described_by_its_latest_release(client, project, settings):
    make_file(project, "1.0", summary="old")
    file = make_file(
        project, "1.1", summary="new", requires_python=">=3.11", classifiers=["A :: B"], keywords=["a", "b"]
    )
    make_file(project, "2.0rc1", summary="unready")
    document = client.get("/pypi/sample-project/json").json()
    page = f"{settings.SITE_URL}/project/sample-project/"
    assert document["info"] | {"name": "Sample.Project", "version": "1.1", "summary": "new"} == document["info"]
    assert document["info"]["requires_python"] == ">=3.11"
    assert document["info"]["classifiers"] == ["A :: B"]
    assert document["info"]["keywords"] == "a,b"
    assert (document["info"]["package_url"], document["info"]["release_url"]) == (page, f"{page}1.1/")
    assert set(document["releases"]) == {"1.0", "1.1", "2.0rc1"}
    assert document["last_serial"] == 3
    assert document["urls"] == document["releases"]["1.1"]
    assert document["urls"][0] == {
        "comment_text": "",
        "core-metadata": {"sha256": file.metadata_sha256},
        "digests": {"blake2b_256": file.blake2_256, "md5": file.md5, "sha256": file.sha256},
        "downloads": -1,
        "filename": file.filename,
        "has_sig": False,
        "md5_digest": file.md5,
        "packagetype": "bdist_wheel",
        "python_version": "py3",
        "requires_python": ">=3.11",
        "size": file.size,
        "upload_time": file.uploaded_at.strftime("%Y-%m-%dT%H:%M:%S"),
        "upload_time_iso_8601": file.uploaded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "url": f"{settings.SITE_URL}/files/{file.path}",
        "yanked": False,
        "yanked_reason": None,
    }


# docs/user/api/json.md of pypi/warehouse
PYPI = {
    "author", "author_email", "bugtrack_url", "classifiers", "description", "description_content_type", "docs_url",
    "download_url", "downloads", "dynamic", "home_page", "keywords", "license", "license_expression", "license_files",
    "maintainer", "maintainer_email", "name", "package_url", "platform", "project_url", "project_urls",
    "provides_extra", "release_url", "requires_dist", "requires_python", "summary", "version", "yanked",
    "yanked_reason",
}  # fmt: skip


def test_it_has_the_keys_of_pypi(client, project):
    make_file(project, download_url="https://example.com/x")
    document = client.get("/pypi/sample-project/json").json()
    assert set(document) == {"info", "last_serial", "releases", "urls", "vulnerabilities"}
    info = document["info"]
    assert set(info) == PYPI
    assert info["downloads"] == {"last_day": -1, "last_month": -1, "last_week": -1}
    assert (info["bugtrack_url"], info["docs_url"], info["download_url"]) == (None, None, "https://example.com/x")


def test_a_file_of_before_md5_was_kept_has_none(client, project):
    make_sdist(project)
    File.objects.update(md5="")
    (file,) = client.get("/pypi/sample-project/json").json()["urls"]
    assert (set(file["digests"]), file["md5_digest"]) == ({"blake2b_256", "sha256"}, None)
    assert file["core-metadata"] is False


@pytest.mark.parametrize("version", ["1.0", "1!2.0+local.1"])
def test_a_release_names_its_own_page(client, project, settings, version):
    make_file(project, version)
    make_file(project, "2!3.0")
    address = client.get(f"/pypi/sample-project/{version}/json").json()["info"]["release_url"]
    assert address == f"{settings.SITE_URL}/project/sample-project/{version}/"
    assert client.get(address.removeprefix(settings.SITE_URL)).status_code == 200


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "v1.0"])
def test_one_release_is_found_by_any_spelling(client, project, version):
    make_sdist(project, "1.0")
    make_file(project, "2.0")
    document = client.get(f"/pypi/sample-project/{version}/json").json()
    assert document["info"]["version"] == "1.0"
    assert [file["packagetype"] for file in document["urls"]] == ["sdist"]
    assert "releases" not in document


def test_a_yanked_release_says_so(client, project):
    make_file(project)
    Release.objects.update(yanked_at=timezone.now(), yanked_reason="broken")
    document = client.get("/pypi/sample-project/json").json()
    for part in (document["info"], document["urls"][0]):
        assert (part["yanked"], part["yanked_reason"]) == (True, "broken")


def test_a_project_in_quarantine_names_no_files(client, project):
    make_file(project)
    Project.objects.update(status="quarantined")
    assert client.get("/pypi/sample-project/json").json()["urls"] == []


@pytest.mark.parametrize(
    "path",
    [
        "unknown/json",
        "empty/json",
        "%00/json",
        "sample-project/9/json",
        "sample-project/what/json",
        "sample-project/%00/json",
    ],
)
def test_what_is_not_there_is_404(client, project, path):
    make_release(project)
    make_project("empty")
    answer = client.get(f"/pypi/{path}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, "404 Not found")


@pytest.mark.parametrize(
    ("path", "location"),
    [("Sample_Project/json", "sample-project/json"), ("Sample_Project/1.0/json", "sample-project/1.0/json")],
)
def test_other_spellings_lead_to_the_normal_name(client, project, path, location):
    assert client.get(f"/pypi/{path}")["Location"] == f"/pypi/{location}"


def test_it_costs_four_queries_or_one(client, project, django_assert_num_queries):
    for number in range(5):
        make_file(project, f"{number}.0", description="long")
    with django_assert_num_queries(4):
        etag = client.get("/pypi/sample-project/json")["ETag"]
    with django_assert_num_queries(1):
        assert client.get("/pypi/sample-project/json", headers={"If-None-Match": etag}).status_code == 304
