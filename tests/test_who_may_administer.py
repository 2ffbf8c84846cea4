"""Who may open which page of the admin: all its routes for strangers, people, staff without permissions, superusers."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from post_office.models import STATUS, Email, Log

from registry.models import Switch
from tests.routes import every
from tests.test_admin_pages import RECORDS, WITHOUT_ADD, fill
from tests.test_who_may_open import everything, signed_in
from tests.town import Town

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = ("stranger", "dave", "erin", "boss")  # erin is staff without a permission
EVERYBODY_OF_THE_STAFF = ("sign in", "forbidden", "opens", "opens")
SUPERUSERS = ("sign in", "forbidden", "forbidden", "opens")
NOBODY = ("sign in", "forbidden", "forbidden", "forbidden")
# Django leads on before it looks who asks; the page there looks.
LEADS_ON = ("sign in", "forbidden", "leads on", "leads on")
APPS = "|".join(dict.fromkeys(model._meta.app_label for model in admin.site._registry))  # as Django's admin does
APP, ANYTHING = f"^(?P<app_label>{APPS})/$", "(?P<url>.*)$"
# Below a model's address, as Django has them.
OF_EVERY_MODEL = {
    "": SUPERUSERS,
    "add/": SUPERUSERS,
    "<path:object_id>/history/": SUPERUSERS,
    "<path:object_id>/delete/": SUPERUSERS,
    "<path:object_id>/change/": SUPERUSERS,
    "<path:object_id>/": LEADS_ON,
}
FURTHER = {
    "": EVERYBODY_OF_THE_STAFF,
    "login/": ("sign in", "forbidden", "leads on", "leads on"),
    "logout/": ("sign in", "opens", "opens", "opens"),
    "password_change/": LEADS_ON,
    "password_change/done/": EVERYBODY_OF_THE_STAFF,
    "autocomplete/": NOBODY,  # without saying of what
    "jsi18n/": EVERYBODY_OF_THE_STAFF,
    "r/<path:content_type_id>/<path:object_id>/": ("sign in", "forbidden", "not there", "not there"),
    "registry/event/export/": SUPERUSERS,
    "registry/user/<int:pk>/second-factor/": SUPERUSERS,
    "registry/user/<id>/password/": SUPERUSERS,
    "publishers/issuer/<int:pk>/keys/": SUPERUSERS,
    "publishers/issuer/<int:pk>/try/": SUPERUSERS,
    "tokens/exchange/export/": SUPERUSERS,
    "tokens/provenance/who/": SUPERUSERS,
    "tokens/provenance/export/": SUPERUSERS,
    "tokens/uploadtoken/revoke/": SUPERUSERS,
    "tokens/uploadtoken/<int:pk>/revoke/": SUPERUSERS,
    "tokens/uploadtoken/export/": SUPERUSERS,
    "tokens/apitoken/find/": SUPERUSERS,
    "tokens/apitoken/<int:pk>/revoke/": SUPERUSERS,
    "tokens/apitoken/export/": SUPERUSERS,
    # The pages of a floor, and what is no page at all.
    APP: ("sign in", "forbidden", "not there", "opens"),
    ANYTHING: ("sign in", "forbidden", "not there", "not there"),
}
NAMED = {APP: "registry/", ANYTHING: "nothing-here"}


def decided(route: str) -> tuple[str, ...]:
    """What each role finds there. KeyError: somebody has to decide about a new route."""
    model, below = model_of(route)
    if route in FURTHER or model is None:
        return FURTHER[route]
    if model is Switch and below not in {"", "add/", "<path:object_id>/"}:
        return NO_ROW[below]
    never = (model in WITHOUT_ADD and below == "add/") or (model in RECORDS and "delete" in below)
    return NOBODY if never else OF_EVERY_MODEL[below]


# The switches' own page shows all of them; what is not switched off has no row.
NO_ROW = {
    "<path:object_id>/history/": LEADS_ON,
    "<path:object_id>/delete/": NOBODY,
    "<path:object_id>/change/": ("sign in", "forbidden", "forbidden", "leads on"),
}


def model_of(route: str) -> tuple[type[Model] | None, str]:
    """Whose page it is, and the rest of the route."""
    found = re.match(r"(\w+)/(\w+)/", route)
    models = {(model._meta.app_label, model._meta.model_name): model for model in admin.site._registry}
    model = models.get((found[1], found[2])) if found else None
    return (model, route[found.end() :]) if found and model else (None, route)


def path_of(route: str) -> str:
    model, _ = model_of(route)
    row = model._default_manager.first() if model else None
    return "/admin/" + re.sub(r"<[^>]*>", str(row.pk if row else 1), NAMED.get(route, route))


def outcome(answer: Any) -> str:
    if answer.status_code in {301, 302}:
        return "sign in" if answer["Location"].startswith("/account/login/") else "leads on"
    return {400: "bad request", 403: "forbidden", 404: "not there", 405: "no such method"}.get(
        answer.status_code, "opens"
    )


@pytest.fixture
def paths(town: Town) -> dict[str, str]:
    fill(0, 1)
    Log.objects.create(email=Email.objects.earliest("pk"), status=STATUS.sent)
    own = [route.removeprefix("admin/") for route in every() if route.startswith("admin/")]
    return {route: path_of(route) for route in own}


def test_each_route_is_decided_and_opens_for_whom_it_should(town: Town, paths: dict[str, str]):
    clients: dict[str, Client] = {role: signed_in(town, role) for role in ROLES}
    wanted = {route: decided(route) for route in paths}
    found = {route: tuple(outcome(clients[role].get(path)) for role in ROLES) for route, path in paths.items()}
    assert {route: said for route, said in found.items() if said != wanted[route]} == {}


def test_what_others_send_is_refused_and_changes_nothing(town: Town, paths: dict[str, str]):
    sent = {"post": "yes", "action": "delete_selected", "_selected_action": "1", "name": "x", "reason": "x"}
    clients = {role: signed_in(town, role) for role in ROLES[:3]}
    before = everything()
    for role, client in clients.items():
        for route, path in paths.items():
            if route == "logout/":
                continue
            said = outcome(client.post(path, sent))
            wanted = {decided(route)[ROLES.index(role)], "bad request", "forbidden", "not there", "no such method"}
            assert said in wanted, (role, path, said)
    assert {name: rows for name, rows in everything().items() if rows != before[name]} == {}
