"""What is read of attestations: in the index, at their own address, on pages and in the admin."""

import base64

import pytest

from registry.models import File, Project
from tests.factories import make_file, make_project, make_sdist, make_user
from tests.registry.uploads import making
from tokens.models import Attested, Provenance

pytestmark = pytest.mark.django_db

V1_JSON = "application/vnd.pypi.simple.v1+json"
INTEGRITY = "application/vnd.pypi.integrity.v1+json"
WHEEL = "sample_project-1.0-py3-none-any.whl"
ADDRESS = f"/integrity/sample-project/1.0/{WHEEL}/provenance"
PUBLIC = f"https://localhost:8443{ADDRESS}"
DOCUMENT = {
    "version": 1,
    "attestation_bundles": [{"publisher": {"kind": "GitHub", "claims": None}, "attestations": []}],
}
NONE = {"message": f"No provenance available for {WHEEL}"}


def attest(file: File) -> Provenance:
    File.objects.filter(pk=file.pk).update(attested=True)
    file.release.project.bump_serial()
    row = Provenance.objects.create(
        file=file, filename=file.filename, sha256=file.sha256, project_name="sample-project"
    )
    Attested.objects.create(provenance=row, document=DOCUMENT)
    return row


@pytest.fixture
def project() -> Project:
    return make_project("Sample.Project", make_user())


@pytest.fixture
def file(project: Project) -> File:
    return make_file(project)


@pytest.fixture
def attested(file: File) -> File:
    attest(file)
    return file


def detail(client, accept):
    return client.get("/simple/sample-project/", headers={"Accept": accept})


class TestIndex:
    """PEP 740, "Index changes"."""

    def test_json_has_the_address_or_null(self, client, attested, project):
        make_sdist(project)
        page = detail(client, V1_JSON).json()
        assert {file["filename"]: file["provenance"] for file in page["files"]} == {
            WHEEL: PUBLIC,
            "sample_project-1.0.tar.gz": None,
        }
        # PEP 740 came with 1.3.
        assert page["meta"]["api-version"] == "1.4"

    def test_html_has_the_address_or_nothing(self, client, attested, project):
        make_sdist(project)
        lines = [line for line in detail(client, "text/html").content.decode().splitlines() if "<a " in line]
        assert [f'data-provenance="{PUBLIC}"' in line for line in lines] == [True, False]
        assert 'content="1.4"' in detail(client, "text/html").content.decode()

    def test_an_epoch_and_a_local_version_can_stand_in_an_address(self, client, project):
        attest(make_file(project, "1!2.0+local.1"))
        url = detail(client, V1_JSON).json()["files"][0]["provenance"]
        assert client.get(url.removeprefix("https://localhost:8443")).json() == DOCUMENT

    @pytest.mark.parametrize("accept", [V1_JSON, "text/html"])
    def test_the_page_is_another_one(self, client, file, accept):
        before = detail(client, accept)["ETag"]
        attest(file)
        after = detail(client, accept)["ETag"]
        assert before != after
        kept = client.get("/simple/sample-project/", headers={"Accept": accept, "If-None-Match": after})
        assert kept.status_code == 304

    def test_no_file_costs_a_query(self, client, project, django_assert_num_queries):
        for version in ("1.0", "2.0", "3.0"):
            attest(make_file(project, version))
        with django_assert_num_queries(2):
            detail(client, V1_JSON)


class TestDocument:
    """PyPI's Integrity API."""

    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("", INTEGRITY),
            ("*/*", INTEGRITY),
            (INTEGRITY, INTEGRITY),
            ("application/json", "application/json"),
            (f"application/json;q=0.5, {INTEGRITY}", INTEGRITY),
            (f"{INTEGRITY};q=0.5, application/json", "application/json"),
        ],
    )
    def test_its_type_is_chosen(self, client, attested, accept, expected):
        answer = client.get(ADDRESS, headers={"Accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (200, expected)
        assert answer["Vary"] == "Accept"
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Cache-Control"] == "public, no-cache"
        assert answer.json() == DOCUMENT

    @pytest.mark.parametrize("accept", ["text/html", "application/vnd.pypi.integrity.v2+json", "image/*"])
    def test_no_other_type(self, client, attested, accept):
        answer = client.get(ADDRESS, headers={"Accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (406, "application/json")
        assert answer.json() == {"message": "Request not acceptable"}

    def test_it_is_kept_and_asked_about(self, client, attested, django_assert_num_queries):
        first = client.get(ADDRESS)
        with django_assert_num_queries(2):
            again = client.get(ADDRESS, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get(ADDRESS, headers={"Accept": "application/json"})["ETag"] != first["ETag"]
        with django_assert_num_queries(3):
            client.get(ADDRESS)

    def test_head(self, client, attested):
        answer = client.head(ADDRESS)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer["ETag"] == client.get(ADDRESS)["ETag"]

    def test_names_lead_to_the_normal_one(self, client, attested):
        answer = client.get(ADDRESS.replace("sample-project/1.0", "Sample.Project/1.0.0"))
        assert (answer.status_code, answer["Location"]) == (301, ADDRESS.replace("/1.0/", "/1.0.0/"))
        assert client.get(answer["Location"]).json() == DOCUMENT

    def test_a_file_without_any(self, client, file):
        answer = client.get(ADDRESS)
        assert (answer.status_code, answer.json()) == (404, NONE)
        assert answer["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize(
        "path",
        [
            f"/integrity/unknown/1.0/{WHEEL}/provenance",
            f"/integrity/-/1.0/{WHEEL}/provenance",
            f"/integrity/sample-project/2.0/{WHEEL}/provenance",
            f"/integrity/sample-project/x/{WHEEL}/provenance",
        ],
    )
    def test_what_is_not_there(self, client, attested, path):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (404, NONE)

    @pytest.mark.parametrize("filename", ["x.whl", "%00", "a%00b", "ſ", "%0A", "☃"])
    def test_what_is_no_file(self, client, attested, filename):
        answer = client.get(f"/integrity/sample-project/1.0/{filename}/provenance")
        assert answer.status_code == 404
        assert answer.json()["message"].startswith("No provenance available for")

    def test_quarantine_hides_it(self, client, attested, project):
        Project.objects.update(status="quarantined")
        assert client.get(ADDRESS).status_code == 404

    def test_a_file_that_goes_meanwhile(self, client, attested):
        Attested.objects.all().delete()
        assert client.get(ADDRESS).json() == NONE


class TestClosed:
    """ANONYMOUS_READ=false."""

    @pytest.fixture(autouse=True)
    def _closed(self, settings):
        settings.ANONYMOUS_READ = False

    def read(self, client, text):
        basic = base64.b64encode(f"__token__:{text}".encode()).decode()
        return client.get(ADDRESS, headers={"Authorization": f"Basic {basic}"})

    def test_strangers_are_asked_who_they_are(self, client, attested):
        answer = client.get(ADDRESS)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Basic")

    def test_people_and_tokens_read_it(self, client, attested):
        alice = make_user("bob")
        answer = self.read(client, making.api_token(alice, scopes=("download",)))
        assert answer.json() == DOCUMENT
        assert answer["Cache-Control"] == "private, no-cache"
        assert "Access-Control-Allow-Origin" not in answer
        assert self.read(client, making.api_token(alice)).status_code == 403
        client.force_login(alice)
        assert client.get(ADDRESS).json() == DOCUMENT

    def test_not_a_token_for_other_projects(self, client, attested):
        answer = self.read(client, making.api_token(make_user("bob"), scopes=("download",), limited=True))
        assert (answer.status_code, answer.json()) == (404, NONE)


class TestPages:
    def test_a_project_page_says_so(self, client, attested, project):
        make_sdist(project)
        page = client.get("/project/sample-project/").content.decode()
        assert page.count("Attested") == 1
        assert page.count(f'href="{ADDRESS}"') == 1

    def test_a_release_in_the_management_says_so(self, client, attested, project):
        client.force_login(project.owners().get())
        page = client.get("/manage/project/sample-project/releases/1.0/").content.decode()
        assert page.count("Attested") == 1

    def test_the_admin_shows_the_document(self, client, file):
        client.force_login(make_user("boss", is_staff=True, is_superuser=True))
        row = attest(file)
        page = client.get(f"/admin/tokens/provenance/{row.pk}/change/").content.decode()
        assert "attestation_bundles" in page
        Attested.objects.all().delete()
        assert client.get(f"/admin/tokens/provenance/{row.pk}/change/").status_code == 200
