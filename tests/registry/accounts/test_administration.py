"""The admin signs nobody in, and each change in it needs what a change needs anywhere."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from registry.models import ProhibitedName, User
from tests.registry.accounts.people import give_app, is_signed_in, make_person, sign_in

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model.__name__)
# What is pasted there is a secret now and then, and changes nothing.
ONLY_READ = {"/admin/tokens/apitoken/find/"}
CONFIRM, SECOND_FACTOR = "/account/reauthenticate/", "/account/2fa/"


@pytest.fixture
def boss(client: Client, settings: Any) -> User:
    """A superuser with a second factor in a session that is not fresh, while REQUIRE_2FA is on."""
    settings.REQUIRE_2FA = True
    boss = make_person("boss", is_staff=True, is_superuser=True)
    give_app(boss)
    client.force_login(boss)
    return boss


def pages(model: type[Model]) -> dict[str, str]:
    """Where something is changed, of a row that need not be there."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    changelist = reverse(f"{name}_changelist")
    return {
        "add": f"{changelist}add/",
        "change": f"{changelist}1/change/",
        "delete": f"{changelist}1/delete/",
        "action": changelist,
    }


@pytest.mark.parametrize("page", ["add", "change", "delete", "action"])
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_change_of_any_model_wants_a_recent_sign_in(client: Client, boss: User, model: type[Model], page: str):
    sent = {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"}
    assert client.post(pages(model)[page], sent)["Location"].startswith(CONFIRM)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_and_a_second_factor(client: Client, boss: User, model: type[Model]):
    Authenticator.objects.all().delete()
    for page in pages(model).values():
        assert client.post(page)["Location"] == SECOND_FACTOR


def test_every_other_page_of_the_admin_too(client: Client, boss: User):
    """Also those that a model's admin adds, such as an issuer's keys: whatever address there is."""
    paths = [path for path in addresses() if path not in {"/admin/login/", "/admin/logout/"}]
    assert "/admin/publishers/issuer/1/keys/" in paths
    assert "/admin/tokens/apitoken/find/" in paths
    assert "/admin/registry/user/1/second-factor/" in paths
    for path in paths:
        if path not in ONLY_READ:
            assert client.post(path)["Location"].startswith(CONFIRM), path


def test_a_form_that_only_asks_needs_neither(client: Client, boss: User):
    for path in ONLY_READ:
        assert client.post(path, {"text": "sampleproject"}).status_code == 200
        assert "sampleproject" not in str(dict(client.session.items()))


def test_reading_needs_neither(client: Client, boss: User):
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/registry/project/").status_code == 200


def test_while_it_is_not_required_a_change_needs_neither(client: Client, boss: User, settings: Any):
    settings.REQUIRE_2FA = False
    assert client.post("/admin/registry/prohibitedname/add/", {"name": "x", "comment": ""}).status_code == 302
    assert ProhibitedName.objects.exists()


def test_strangers_sign_in_where_everybody_does(client: Client):
    assert client.get("/admin/")["Location"] == "/account/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/registry/")["Location"] == "/account/login/?next=/admin/registry/"
    for evil in ("https://evil.example/", "//evil.example", "/admin/login/"):
        assert client.get("/admin/login/", {"next": evil})["Location"] == "/account/login/?next=/admin/"
    make_person("boss", is_staff=True, is_superuser=True)
    client.post("/admin/login/", {"username": "boss", "password": "open-sesame-1"})
    assert not is_signed_in(client)


def test_who_is_no_administrator_is_refused(client: Client, alice: User):
    sign_in(client)
    for path in ("/admin/", "/admin/login/", "/admin/registry/project/", "/admin/publishers/issuer/1/keys/"):
        answer = client.get(path)
        assert (answer.status_code, "not an administrator" in answer.content.decode()) == (403, True)
    assert client.post("/admin/registry/prohibitedname/add/", {"name": "x"}).status_code == 403


def test_password_and_sign_out_are_those_of_everybody(client: Client, boss: User, settings: Any):
    assert client.get("/admin/login/")["Location"] == "/admin/"
    assert client.get("/admin/password_change/")["Location"] == "/account/password/change/"
    assert client.post("/admin/logout/")["Location"] == "/"
    assert not is_signed_in(client)


def test_secrets_of_second_factors_are_on_no_page(client: Client, boss: User, alice: User):
    give_app(alice)
    page = client.get(f"/admin/registry/user/{alice.pk}/change/").content.decode()
    assert "TOTP" in page
    assert "JBSWY3DP" not in page
    assert {model._meta.app_label for model in MODELS}.isdisjoint({"account", "mfa", "socialaccount", "usersessions"})


def addresses() -> list[str]:
    """Each address below /admin/, with 1 for whatever stands in it."""
    site = next(one for one in get_resolver().url_patterns if isinstance(one, URLResolver) and one.app_name == "admin")
    return [re.sub(r"<[^>]+>", "1", route) for route in _routes(site, "/") if "(?P" not in route]


def _routes(resolver: URLResolver, before: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = f"{before}{resolver.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        else:
            yield f"{route}{pattern.pattern}"


@pytest.mark.parametrize(
    "address",
    [
        "/admin/registry/project/?status=%00",
        "/admin/registry/invitation/?role__gte=%00",
        "/admin/tokens/exchange/?code__exact=%00",
        "/admin/registry/usedfilename/%00/change/",
        "/admin/registry/retiredname/%00/delete/",
        "/admin/autocomplete/?app_label=registry&model_name=role&field_name=user&term=%00",
    ],
)
def test_a_nul_is_no_question(client: Client, address: str):
    """PostgreSQL refuses one with an error, SQLite finds nothing."""
    client.force_login(make_person("boss", is_staff=True, is_superuser=True))
    assert client.get(address).status_code == 400


@pytest.mark.parametrize(
    ("model", "ticked"),
    [
        ("registry/user", "x"),
        ("registry/user", ""),
        ("registry/user", "9" * 30),
        ("registry/user", "9" * 5000),
        ("tokens/refusalnotice", "\0"),
        ("registry/retiredname", "\0"),
        ("auth/group", "1.5"),
    ],
)
def test_what_is_no_key_selects_nothing(client: Client, model: str, ticked: str):
    client.force_login(make_person("boss", is_staff=True, is_superuser=True))
    sent = {"action": "delete_selected", "_selected_action": ["1", ticked]}
    assert client.post(f"/admin/{model}/", sent).status_code == 400
