"""What a failed request gets."""

import pytest
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
        answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x"})
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
