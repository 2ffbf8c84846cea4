"""Which Authorization headers are a credential."""

import base64
import datetime

import pytest
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from registry.models import User
from tokens import secrets
from tokens.authentication import TokenAuthentication
from tokens.models import ApiToken

pytestmark = pytest.mark.django_db


def basic(username, password):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def authenticate(header):
    extra = {} if header is None else {"HTTP_AUTHORIZATION": header}
    return TokenAuthentication().authenticate(Request(RequestFactory().get("/", **extra)))


def api_token(**columns):
    text = secrets.new(secrets.API)
    user = User.objects.create_user("alice")
    ApiToken.objects.create(
        **{"digest": secrets.digest(text), "user": user, "username": "alice", "name": "ci", "scopes": ["upload"]}
        | columns
    )
    return text


def test_without_a_header_nobody_is_there():
    assert authenticate(None) is None


@pytest.mark.parametrize(
    "header",
    [
        lambda text: basic("__token__", text),
        lambda text: basic("__token__", text).replace("Basic", "basic"),
        lambda text: f"Bearer {text}",
        lambda text: f"bearer  {text} ",
    ],
)
def test_a_live_token_is_its_user_and_credential(header):
    user, credential = authenticate(header(api_token()))
    assert user.username == "alice"
    assert credential.opens("upload")


@pytest.mark.parametrize(
    "header",
    [
        lambda text: basic("alice", text),
        lambda text: basic("__token__", text[:-1]),
        lambda text: basic("__token__", text + "\x00"),
        lambda text: basic("__token__", ""),
        lambda text: "Basic ====",
        lambda text: "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        lambda text: "Basic",
        lambda text: "Bearer",
        lambda text: f"Token {text}",
        lambda text: text,
        lambda text: f"Bearer {secrets.new('api')}",
        lambda text: f"Bearer {secrets.new('tp')}",
        lambda text: "Bearer é",
    ],
)
def test_anything_else_is_refused_and_not_repeated(header):
    text = api_token()
    with pytest.raises(AuthenticationFailed) as refused:
        authenticate(header(text))
    assert text not in str(refused.value)


@pytest.mark.parametrize(
    "columns",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - datetime.timedelta(seconds=1)},
        {"user": None},
    ],
)
def test_a_dead_token_is_refused(columns):
    text = api_token(**columns)
    with pytest.raises(AuthenticationFailed):
        authenticate(f"Bearer {text}")


def test_a_deactivated_users_token_is_dead():
    text = api_token()
    User.objects.update(is_active=False)
    with pytest.raises(AuthenticationFailed):
        authenticate(f"Bearer {text}")


def test_last_use_is_kept_without_a_write_each_time(django_assert_num_queries):
    text = api_token()
    authenticate(f"Bearer {text}")
    assert ApiToken.objects.get().last_used_at is not None
    with django_assert_num_queries(1):
        authenticate(f"Bearer {text}")
