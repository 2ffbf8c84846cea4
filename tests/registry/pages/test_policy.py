"""What browsers are told about all pages, and what all pages have."""

import datetime

import pytest
from django.utils import timezone

from registry.headers import CONTENT_SECURITY_POLICY
from registry.templatetags.moments import ago
from tests.factories import make_project, make_user
from tests.registry.pages.reading import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("Sample.Project", make_user())


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
