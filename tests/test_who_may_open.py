"""Who may open which page and send which form: all routes and all roles, and nothing that is refused changes a row."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client
from post_office.models import Email

from tests.routes import exports, path_of, routes
from tests.town import Town

pytestmark = pytest.mark.django_db(transaction=True)

# bob maintains the project, carol owns another, dave has none, erin is staff without permissions, boss a superuser.
ROLES = ("stranger", "dave", "carol", "erin", "boss", "bob", "alice")
WITHOUT_A_ROLE = {"dave", "carol", "erin", "boss"}
PROJECT = "manage/project/<str:name>/"
# What maintainers open too; all else of a project is its owners'.
MAINTAINERS = (
    PROJECT,
    f"{PROJECT}releases/",
    f"{PROJECT}releases/<str:version>/",
    f"{PROJECT}collaboration/",
    f"{PROJECT}collaboration/leave/",
    f"{PROJECT}history/",
    f"{PROJECT}history/events.<str:form>",
    f"{PROJECT}exchanges/",
    f"{PROJECT}exchanges/<uuid:exchange>/",
)
SIGN_IN, NOT_THERE, FORBIDDEN = "/account/login/", 404, 403


def expected(route: str, role: str) -> str:
    """``opens``, ``sign in``, ``not there`` or ``forbidden``; what is for everybody opens."""
    if not route.startswith("manage/"):
        return "opens"
    if role == "stranger":
        return "sign in"
    if route.startswith(PROJECT):
        if role in WITHOUT_A_ROLE:
            return "not there"
        return "opens" if role == "alice" or route in MAINTAINERS else "forbidden"
    if "<int:" in route and role != "alice":  # a row of somebody else's
        return "not there"
    return "opens"


def outcome(answer: Any) -> str:
    """The same words for an answer."""
    if answer.status_code in {301, 302} and answer["Location"].startswith(SIGN_IN):
        return "sign in"
    if answer.status_code == 302 and answer["Location"] == "/manage/projects/":  # where invitations that are gone lead
        return "not there"
    return {NOT_THERE: "not there", FORBIDDEN: "forbidden"}.get(answer.status_code, "opens")


def of_people() -> list[str]:
    return [route for route in [*routes(), *exports()] if route.startswith(("manage/", "project/", "help/"))]


def everything() -> dict[str, list[Any]]:
    """The rows of all tables but sessions, and what is written down of sign-ins."""
    tables = [model for model in apps.get_models() if model not in {Session, Email} and model._meta.managed]
    return {model._meta.label: sorted(map(repr, model._default_manager.values_list())) for model in tables}


def signed_in(town: Town, role: str) -> Client:
    client = Client()
    if role in town.people:
        client.force_login(town.people[role])
    return client


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_what_is_its_own(town: Town, role: str):
    client = signed_in(town, role)
    found = {route: outcome(client.get(path_of(route, town.arguments))) for route in of_people()}
    wanted = {route: expected(route, role) for route in of_people()}
    posted_only = {route for route in of_people() if client.get(path_of(route, town.arguments)).status_code == 405}
    assert {route: said for route, said in found.items() if said != wanted[route] and route not in posted_only} == {}


def refused_forms(town: Town, role: str) -> Iterator[str]:
    for route in of_people():
        if route.startswith("manage/") and expected(route, role) != "opens":
            yield route


@pytest.mark.parametrize("role", [role for role in ROLES if role != "alice"])
def test_a_form_that_is_not_ones_own_is_refused_and_changes_nothing(town: Town, role: str):
    client, before = signed_in(town, role), everything()
    sent = {"typed": "sampleproject", "role": "owner", "invitee": "dave", "reason": "x", "enabled": "on", "name": "x"}
    for route in refused_forms(town, role):
        path = path_of(route, town.arguments)
        answer = client.post(path, sent)
        assert answer.status_code == 405 or outcome(answer) == expected(route, role), (path, answer.status_code)
    after = everything()
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}


@pytest.mark.parametrize("role", ROLES)
def test_without_a_second_factor_no_form_of_a_project_is_taken(town: Town, role: str, settings):
    settings.REQUIRE_2FA = True
    client, before = signed_in(town, role), everything()
    for route in (route for route in of_people() if route.startswith("manage/") and "decline" not in route):
        client.post(path_of(route, town.arguments), {"typed": "sampleproject", "role": "owner", "enabled": "on"})
    after = everything()
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
