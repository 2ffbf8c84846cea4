"""ANONYMOUS_READ=false: what strangers, people and tokens may read."""

import base64
import datetime

import pytest
from django.test import Client
from django.utils import timezone

from registry.models import Project
from registry.roles import remove_role, set_role
from tests.factories import TESTER, make_file, make_project, make_user
from tokens import secrets
from tokens.models import ApiToken, UploadToken

pytestmark = pytest.mark.django_db

INDEX = ["/simple/", "/simple/sampleproject/", "/pypi/sampleproject/json", "/pypi/sampleproject/1.0/json"]
PAGES = ["/", "/?q=sample", "/project/sampleproject/", "/project/sampleproject/1.0/"]


@pytest.fixture(autouse=True)
def closed(settings):
    settings.ANONYMOUS_READ = False


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def file(user):
    return make_file(make_project("sampleproject", user))


@pytest.fixture
def programs(file):
    """What programs read."""
    return [*INDEX, f"/files/{file.path}", f"/files/{file.path}.metadata"]


def api_token(user, *scopes, projects=None, **columns):
    text = secrets.new(secrets.API)
    token = ApiToken.objects.create(
        digest=secrets.digest(text),
        user=user,
        username=user.username,
        scopes=list(scopes),
        limited=projects is not None,
        **columns,
    )
    token.projects.set(projects or [])
    return text


def basic(text, username="__token__"):
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{text}".encode()).decode()}


def get(client, path, headers=None):
    """The answer, read to its end."""
    answer = client.get(path, headers=headers)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer


def status_of(client, path, headers=None):
    return get(client, path, headers).status_code


class TestStrangers:
    """They are asked who they are."""

    def test_programs_get_a_challenge_that_they_can_answer(self, client, programs):
        for path in programs:
            answer = client.get(path)
            assert answer.status_code == 401, path
            assert answer["WWW-Authenticate"].startswith('Basic realm="')
            assert answer["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", PAGES)
    def test_people_are_sent_to_sign_in(self, client, file, path):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/?next=/")

    def test_what_exists_and_what_does_not_look_alike(self, client, file):
        assert status_of(client, "/simple/unknown/") == status_of(client, "/simple/sampleproject/") == 401
        assert status_of(client, f"/files/{file.path}x") == 401

    @pytest.mark.parametrize(
        "header",
        [
            "Basic",
            "Basic !!!",
            "Basic bm9jb2xvbg==",
            "Bearer",
            "Bearer x",
            "Digest x",
            "Basic X190b2tlbl9fOng=",
            "\xff",
        ],
    )
    @pytest.mark.parametrize("path", ["/simple/", "/"])
    def test_a_wrong_credential_is_refused(self, client, path, header):
        answer = client.get(path, headers={"Authorization": header})
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer


class TestPeople:
    """A session opens everything."""

    def test_a_signed_in_person_reads_all(self, client, user, programs):
        client.force_login(user)
        for path in (*programs, *PAGES):
            assert status_of(client, path) == 200, path

    def test_a_deactivated_one_reads_nothing(self, client, user, programs):
        client.force_login(user)
        user.is_active = False
        user.save()
        assert {status_of(client, path) for path in programs} == {401}

    def test_caches_are_private(self, client, user, programs):
        client.force_login(user)
        for path in programs:
            answer = get(client, path)
            assert answer["Cache-Control"].startswith("private, ")
            assert {"Authorization", "Cookie"} <= {part.strip() for part in answer["Vary"].split(",")}
            assert "Access-Control-Allow-Origin" not in answer


class TestTokens:
    """An API token with the scope ``download`` opens what it covers."""

    @pytest.mark.parametrize("form", [basic, lambda text: {"Authorization": f"Bearer {text}"}])
    def test_it_opens_all(self, client, user, programs, form):
        headers = form(api_token(user, "download"))
        for path in (*programs, *PAGES):
            assert status_of(client, path, headers) == 200, path

    @pytest.mark.parametrize("scopes", [["upload"], ["read", "manage"], []])
    def test_another_scope_does_not(self, client, user, programs, scopes):
        headers = basic(api_token(user, *scopes))
        assert {status_of(client, path, headers) for path in programs} == {403}

    def test_nor_does_an_upload_token(self, client, programs):
        text = secrets.new(secrets.UPLOAD)
        later = timezone.now() + datetime.timedelta(hours=1)
        UploadToken.objects.create(digest=secrets.digest(text), issuer_url="x", redeemed_until=later, expires_at=later)
        assert not {status_of(client, path, basic(text)) for path in programs} & {200, 500}

    @pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
    def test_nor_does_a_dead_one(self, client, user, programs, column):
        headers = basic(api_token(user, "download", **{column: timezone.now()}))
        assert {status_of(client, path, headers) for path in programs} == {401}

    def test_nor_does_its_text_under_another_name(self, client, user, programs):
        headers = basic(api_token(user, "download"), username="alice")
        assert {status_of(client, path, headers) for path in programs} == {401}

    def test_a_dead_token_is_refused_in_a_session_too(self, client, user):
        client.force_login(user)
        assert status_of(client, "/simple/", basic("gone")) == 401

    def test_one_limited_to_projects_sees_no_others(self, client, user, programs):
        other = make_file(make_project("other", user))
        headers = basic(api_token(user, "download", projects=[other.release.project]))
        assert {status_of(client, path, headers) for path in programs[1:]} == {404}
        assert status_of(client, f"/files/{other.path}", headers) == 200
        listed = client.get("/simple/", {"format": "application/vnd.pypi.simple.v1+json"}, headers=headers).json()
        assert [project["name"] for project in listed["projects"]] == ["other"]
        assert b"sampleproject" not in client.get("/", headers=headers).content
        assert b"sampleproject" not in client.get("/?q=sample", headers=headers).content

    def test_one_limited_to_a_project_dies_there_with_the_role(self, client, user, programs):
        project, other = Project.objects.get(), make_file(make_project("other", user))
        set_role(project, make_user("bob"), "owner", actor=TESTER)
        headers = basic(api_token(user, "download", projects=[project, other.release.project]))
        unlimited = basic(api_token(user, "download"))
        assert {status_of(client, path, headers) for path in programs} == {200}
        remove_role(project, user, actor=TESTER)
        assert {status_of(client, path, headers) for path in programs[1:]} == {404}
        assert status_of(client, f"/files/{other.path}", headers) == 200
        listed = client.get("/simple/", {"format": "application/vnd.pypi.simple.v1+json"}, headers=headers).json()
        assert [project["name"] for project in listed["projects"]] == ["other"]
        assert b"sampleproject" not in client.get("/?q=sample", headers=headers).content
        # What everybody may read who is signed in, a token reads that is not limited.
        assert {status_of(client, path, unlimited) for path in programs} == {200}


class TestQueries:
    """What a page costs those who must say who they are."""

    @pytest.fixture
    def limited(self, user, file):
        headers = basic(api_token(user, "download", projects=Project.objects.all()))
        for number in range(5):
            make_project(f"other-{number}")
        return headers

    @pytest.mark.parametrize("path", ["/simple/", "/simple/sampleproject/"])
    def test_a_token_costs_two_more(self, client, limited, path, django_assert_max_num_queries):
        client.get(path, headers=limited)
        with django_assert_max_num_queries(4):
            client.get(path, headers=limited)

    @pytest.mark.parametrize("path", ["/simple/", "/simple/sampleproject/"])
    def test_a_session_costs_two_more(self, client, user, file, path, django_assert_num_queries):
        client.force_login(user)
        with django_assert_num_queries(4):
            client.get(path)


FILE = f"/files/aa/bb/{'c' * 60}/x-1-py3-none-any.whl"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/simple/",
        "/simple/x/",
        FILE,
        "/pypi/x/json",
        "/pypi/x/1/json",
        "/integrity/x/1/x-1.tar.gz/provenance",
        "/project/x/",
        "/favicon.ico",
    ],
)
@pytest.mark.parametrize("is_open", [True, False])
def test_what_is_for_reading_says_so_to_another_method(settings, db, method, path, is_open):
    settings.ANONYMOUS_READ = is_open
    answer = Client(enforce_csrf_checks=True).generic(method, path, b"a=b")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
