"""What a failed request gets."""

import pytest
from django.db import OperationalError
from django.test import Client

from tests.registry.pages.reading import text

pytestmark = pytest.mark.django_db


class TestErrors:
    """A small page, or JSON."""

    def test_people_get_a_page(self, client):
        answer = client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status_code == 404
        assert "There is nothing at this address." in text(answer)
        assert answer["Cache-Control"] == "no-store"

    def test_programs_get_json(self, client):
        answer = client.get("/project/unknown/", headers={"Accept": "application/json", "X-Request-ID": "some-request"})
        assert (answer.status_code, answer.json()) == (
            404,
            {
                "message": "There is no project called unknown.",
                "code": "404 Not found",
                "request_id": "some-request",
            },
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

    @pytest.mark.parametrize("path", ["/", "/project/unknown/", "/help/", "/simple/", "/robots.txt"])
    def test_a_browser_that_posts_to_a_page_gets_a_page(self, client, path):
        answer = client.post(path, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
        assert "Nothing was changed" in text(answer)
        assert "Content-Security-Policy" in answer
        assert client.post(path, content_type="application/json").content == b""

    def test_a_form_that_is_too_long_is_said_to_be(self, client, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        answer = client.post("/account/login/", {"login": "x" * 200}, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413
        assert "Too large" in text(answer)

    def test_a_database_that_is_down_is_a_page_too(self, monkeypatch, caplog):
        def fail(*_args, **_kwargs):
            raise OperationalError("connection refused")

        monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", fail)
        answer = Client(raise_request_exception=False).get("/")
        assert answer.status_code == 500
        assert "Something broke" in text(answer)
