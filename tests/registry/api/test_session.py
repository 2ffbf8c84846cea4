"""People who are signed in use the API from its documentation; more is asked of them before a change."""

import pytest
from django.test import Client

from registry.accounts import stepup
from tests.factories import make_project, make_user
from tests.registry.api.asking import refused

pytestmark = pytest.mark.django_db

PATH = "/api/v1/projects/sampleproject/"


@pytest.fixture
def client():
    """Alice's browser, which checks CSRF tokens."""
    alice = make_user("alice")
    make_project("sampleproject", alice)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    return client


def change(client, **headers):
    return client.patch(PATH, {"status": "archived"}, content_type="application/json", **headers)


def csrf(client):
    client.get("/api/v1/docs/")
    return {"HTTP_X_CSRFTOKEN": client.cookies["csrftoken"].value}


def test_a_session_reads_and_changes(client):
    assert client.get(PATH).json()["role"] == "owner"
    assert client.get(f"{PATH}events/").status_code == 200
    assert change(client, **csrf(client)).json()["status"] == "archived"


def test_a_change_needs_a_csrf_token(client):
    assert "CSRF" in refused(change(client), 403)["detail"]


def test_a_change_needs_a_second_factor(client, settings):
    settings.REQUIRE_2FA = True
    assert "second factor" in refused(change(client, **csrf(client)), 403)["detail"]
    assert client.get(PATH).status_code == 200


def test_a_change_needs_a_recent_sign_in(client, settings, monkeypatch):
    settings.REQUIRE_2FA = True
    monkeypatch.setattr(stepup, "has_second_factor", lambda request: True)
    monkeypatch.setattr(stepup, "is_recent", lambda request: False)
    assert "sign in again" in refused(change(client, **csrf(client)), 403)["detail"]
    monkeypatch.setattr(stepup, "is_recent", lambda request: True)
    assert change(client, **csrf(client)).status_code == 200


def test_a_token_that_manages_needs_none_of_it(client, settings):
    from registry.models import User
    from tests.registry.api.asking import asker

    settings.REQUIRE_2FA = True
    manages = asker(User.objects.get(), "manage")
    assert manages("PATCH", PATH, {"status": "archived"}).status_code == 200


def test_a_token_wins_over_a_session(client):
    answer = client.get(PATH, HTTP_AUTHORIZATION="Bearer gth_api_noise")
    refused(answer, 401)
