"""Who may ask the API what: all its routes and methods, sessions of all roles and tokens of all scopes."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from registry.actors import Actor
from registry.models import Project
from tests.routes import every, path_of
from tests.test_who_may_open import everything, signed_in
from tests.town import Town
from tokens.creating import create_api_token
from tokens.models import ApiToken

pytestmark = pytest.mark.django_db(transaction=True)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BOTH = ("read", "manage")
# Of each route: whose it is. Both scopes read it; what changes something needs ``manage``.
TABLE = {
    "v1/projects/": "everybody's own",
    "v1/projects/<str:name>/": "the project's",
    "v1/projects/<str:name>/events/": "the project's",
    "v1/projects/<str:name>/publishers/": "the project's",
    "v1/projects/<str:name>/publishers/<int:pk>/": "the project's",
    "v1/projects/<str:name>/exchanges/": "the project's",
    "v1/projects/<str:name>/exchanges/<uuid:pk>/": "the project's",
    "v1/pending-publishers/": "a person's",
    "v1/pending-publishers/<int:pk>/": "alice's",
    "v1/tokens/": "a person's",
    "v1/tokens/<int:pk>/": "alice's",
    "v1/providers/": "everybody's own",
    "v1/schema/": "public",
    "v1/docs/": "public",
    "": "nothing",
}


@dataclass(frozen=True)
class Credential:
    """A session (no scopes) or an API token of somebody, perhaps for one project only."""

    who: str
    scopes: tuple[str, ...] = ()
    project: str = ""

    def opens(self, scopes: tuple[str, ...]) -> bool:
        return not self.scopes or bool({*self.scopes} & {*scopes})


CREDENTIALS = [
    *(Credential(who) for who in ("nobody", "dave", "carol", "erin", "boss", "bob", "alice")),
    *(Credential(who, (scope,)) for who in ("alice", "bob", "boss") for scope in ("read", "manage")),
    Credential("alice", ("upload",)),
    Credential("alice", ("download",)),
    Credential("alice", BOTH, "sampleproject"),
    Credential("alice", BOTH, "elsewhere"),
    Credential("dave", BOTH),
]


def expected(route: str, method: str, by: Credential, *, handled: bool) -> str:
    """In the order in which the API looks: the method, the credential, its scopes, whose it is, the role."""
    whose = TABLE[route]
    if whose in {"public", "nothing"}:
        return {"nothing": "not there", "public": "opens" if method == "GET" else "no such method"}[whose]
    if not handled:
        return "no such method"
    if by.who == "nobody":
        return "unknown"
    if not by.opens(BOTH if method == "GET" else ("manage",)):
        return "forbidden"
    if whose in {"a person's", "alice's"} and by.project:
        return "forbidden"
    if whose == "alice's" and by.who != "alice":
        return "not there"
    if whose == "the project's":
        if by.who not in {"alice", "bob"} or by.project not in {"", "sampleproject"}:
            return "not there"
        return "opens" if method == "GET" or by.who == "alice" else "forbidden"
    return "opens"


def outcome(answer: Any) -> str:
    words = {401: "unknown", 403: "forbidden", 404: "not there", 405: "no such method"}
    return words.get(answer.status_code, "opens")


def asking(town: Town, by: Credential) -> tuple[Client, dict[str, Any]]:
    """A client, and the headers that it sends."""
    if not by.scopes:
        return signed_in(town, by.who), {}
    project = Project.objects.filter(name=by.project) if by.project else None
    actor = Actor(by.who, town.people[by.who])
    text = create_api_token(town.people[by.who], name="x", scopes=[*by.scopes], projects=project, actor=actor)
    return Client(), {"Authorization": f"Bearer {text}"}


def rows() -> dict[str, Any]:
    """All but when a token was last used."""
    found = everything()
    found["tokens.ApiToken"] = [*ApiToken.objects.order_by("pk").values_list("pk", "revoked_at")]
    return found


def test_each_credential_opens_what_is_its_own_and_changes_nothing_else(town: Town, settings: Any):
    settings.REQUIRE_2FA = False
    views = {route.removeprefix("api/"): view for route, view in every().items() if route.startswith("api/")}
    assert set(views) == set(TABLE)
    elsewhere = Project.objects.create(name="elsewhere")
    elsewhere.roles.create(user=town.people["alice"], role="owner")
    exchange, pk = town.arguments["manage/"]["exchange"], town.arguments["manage/"]["pk"]
    arguments = {
        "v1/": {"name": "sampleproject", "pk": pk},
        "v1/projects/<str:name>/exchanges/": {"pk": exchange},
        "v1/pending-publishers/": town.arguments["manage/account/publishing/"],
        "v1/tokens/": {"pk": town.arguments["manage/account/token/"]["token"]},
    }
    clients = {by: asking(town, by) for by in CREDENTIALS}
    before, wrong = rows(), []
    for route, view in views.items():
        path = f"/api{path_of(route, arguments)}"
        for method in METHODS:
            handled = hasattr(getattr(view, "view_class", None), method.lower())
            for by, (client, headers) in clients.items():
                wanted = expected(route, method, by, handled=handled)
                if wanted == "opens" and method != "GET":
                    continue  # tests.tokens.api.test_who_may_ask sends these
                answer = client.generic(method, path, b"{}", "application/json", headers=headers)
                said = outcome(answer)
                wrong += [f"{method} {path} {by}: {said}, not {wanted}"] if said != wanted else []
    assert wrong == []
    assert {name: rows for name, rows in rows().items() if rows != before[name]} == {}
