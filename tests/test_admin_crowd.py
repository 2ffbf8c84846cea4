"""Every page of the admin with a thousand rows of each model behind it, and how many questions it asks the database."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from publishers.models import Issuer
from registry.models import Project, User
from tests.registry.accounts.test_administration import addresses
from tests.thousands import HERE, Crowd, make_crowd
from tokens.models import ApiToken, UploadToken

PINNED: dict[str, dict[str, int]] = {
    "Event": {"list": 5, "search": 10, "filter": 5, "change": 5, "history": 6},
    "UsedFilename": {"list": 5, "search": 5, "change": 5, "history": 6},
    "RetiredName": {"list": 6, "search": 6, "change": 6, "history": 6, "delete": 5, "delete_selected": 8},
    "ProhibitedName": {"list": 6, "search": 6, "change": 5, "history": 6, "delete": 4, "add": 4, "delete_selected": 7},
    "Invitation": {"list": 6, "search": 6, "filter": 6, "change": 8, "history": 8, "delete": 6, "delete_selected": 7},
    "Email": {"list": 5, "search": 5, "filter": 5, "change": 6, "history": 6},
    "Group": {"list": 6, "search": 6, "change": 7, "history": 6, "delete": 6, "add": 5, "delete_selected": 10},
    "User": {
        "list": 7,
        "search": 7,
        "filter": 7,
        "change": 12,
        "history": 6,
        "delete": 16,
        "add": 4,
        "delete_selected": 21,
    },
    "Project": {
        "list": 5,
        "search": 5,
        "filter": 5,
        "change": 6,
        "history": 7,
        "delete": 12,
        "add": 4,
        "delete_selected": 14,
    },
    "Release": {"list": 6, "search": 6, "filter": 6, "change": 7, "history": 7, "delete": 7, "delete_selected": 9},
    "File": {"list": 6, "search": 6, "filter": 6, "change": 5, "history": 6, "delete": 4, "delete_selected": 7},
    "Switch": {"list": 7, "change": 5, "history": 6},
    "Issuer": {
        "list": 6,
        "search": 6,
        "filter": 6,
        "change": 5,
        "history": 6,
        "delete": 6,
        "add": 4,
        "delete_selected": 9,
    },
    "Publisher": {
        "list": 6,
        "search": 7,
        "filter": 6,
        "change": 8,
        "history": 7,
        "delete": 5,
        "add": 5,
        "accept_names": 8,
        "delete_selected": 8,
    },
    "SwitchedOff": {"list": 6, "search": 6, "change": 5, "history": 6, "delete": 4, "add": 4, "delete_selected": 7},
    "Exchange": {"list": 6, "search": 11, "filter": 6, "change": 9, "history": 6},
    "RefusalNotice": {"list": 5, "search": 5, "change": 7, "history": 7, "delete": 5, "delete_selected": 7},
    "Provenance": {"list": 5, "search": 11, "filter": 5, "change": 14, "history": 6},
    "Tally": {"list": 6, "filter": 6, "change": 5, "history": 6},
    "UploadToken": {"list": 6, "search": 11, "filter": 6, "change": 9, "history": 6, "revoke_selected": 8},
    "ApiToken": {"list": 5, "search": 5, "filter": 5, "change": 7, "history": 6, "revoke_selected": 6},
    "others": {
        "front page": 14,
        "one application": 3,
        "keys": 7,
        "drop a key": 8,
        "try a token": 4,
        "reset a second factor": 5,
        "set a password": 4,
        "who could publish": 15,
        "revoke many": 5,
        "find": 14,
        "revoke one": 5,
        "add a publisher there": 6,
        "export": 7,
    },
}
# Of one filter, however many rows there are; but for the groups of staff, which an administrator makes by hand.
MOST_CHOICES = 40
# What is sent, where, and whether in a form; none of it changes anything.
Page = tuple[str, dict[str, Any], bool]
# Pages that only lead to others; the catalogue of a script that no page uses.
ELSEWHERE = {f"/admin/{page}/" for page in ("login", "logout", "password_change", "password_change/done")}
ELSEWHERE |= {"/admin/autocomplete/", "/admin/jsi18n/", "/admin/r/1/1/"}
LEADS_ON = re.compile(r"/[a-z]+/1/$")
# Actions that ask before they do anything.
ASKING = {"delete_selected", "revoke_selected", "accept_names"}


def pages(crowd: Crowd, client: Client) -> Iterator[tuple[str, str, Page]]:
    """Each page by model and name; several of one name are several texts of a search, or choices of a filter."""
    for model in admin.site._registry:
        for name, page in _of_model(model, crowd.rows.get(model), client):
            yield model.__name__, name, page
    for name, page in _others(crowd):
        yield "others", name, page


def _of_model(model: type[Model], row: Model | None, client: Client) -> Iterator[tuple[str, Page]]:
    its, prefix = admin.site._registry[model], f"admin:{model._meta.app_label}_{model._meta.model_name}"
    changelist = reverse(f"{prefix}_changelist")
    yield "list", (changelist, {}, False)
    for text in ("project-0", "octo-org/sampleproject", "192.0.2.1") if its.search_fields else ():
        yield "search", (changelist, {"q": text}, False)
    for query in _filters(client, changelist):
        yield "filter", (f"{changelist}{query}", {}, False)
    assert row is not None, f"the crowd has no {model.__name__}"
    for name in ("change", "history", "delete"):
        yield name, (reverse(f"{prefix}_{name}", args=[row.pk]), {}, False)
    yield "add", (reverse(f"{prefix}_add"), {}, False)
    some = [str(key) for key in model._default_manager.order_by("pk").values_list("pk", flat=True)[:HERE]]
    for action in ASKING & its.get_actions(client.get(changelist).wsgi_request).keys():
        yield action, (changelist, {"action": action, "_selected_action": some}, True)


def _filters(client: Client, changelist: str) -> Iterator[str]:
    """Of each filter the first and the last choice that is one."""
    listed = client.get(changelist).context.get("cl")
    for spec in listed.filter_specs if listed else ():
        queries = [str(choice["query_string"]) for choice in spec.choices(listed)]
        assert len(queries) <= MOST_CHOICES or spec.title == "groups", f"{changelist} by {spec.title}: {len(queries)}"
        yield from {queries[1 % len(queries)], queries[-1]}


def _others(crowd: Crowd) -> Iterator[tuple[str, Page]]:
    issuer, user = crowd.rows[Issuer], crowd.rows[User]
    yield "front page", ("/admin/", {}, False)
    for application in ("auth", "post_office", "publishers", "registry", "tokens"):
        yield "one application", (f"/admin/{application}/", {}, False)
    yield "keys", (f"/admin/publishers/issuer/{issuer.pk}/keys/", {}, False)
    yield "drop a key", (f"/admin/publishers/issuer/{issuer.pk}/keys/", {"what": "drop", "key": "one"}, True)
    yield "try a token", (f"/admin/publishers/issuer/{issuer.pk}/try/", {}, False)
    yield "reset a second factor", (f"/admin/registry/user/{user.pk}/second-factor/", {}, False)
    yield "set a password", (f"/admin/registry/user/{user.pk}/password/", {}, False)
    days = {"project": "project-0", "since": "2020-01-01", "until": "2099-12-31"}
    yield "who could publish", ("/admin/tokens/provenance/who/", days, False)
    counted = {"kind": "issuer", "which": issuer.url, "reason": "x"}
    yield "revoke many", ("/admin/tokens/uploadtoken/revoke/", counted, True)
    for text in ("octo-org/sampleproject", "project-0", "user0", "192.0.2.1", "f" * 40, "12345", f"{0:064x}"):
        yield "find", ("/admin/tokens/apitoken/find/", {"text": text}, True)
    for model in (ApiToken, UploadToken):
        page = f"/admin/tokens/{model._meta.model_name}/{crowd.rows[model].pk}/revoke/"
        yield "revoke one", (page, {}, False)
    place = {"issuer": issuer.pk, "project_name": crowd.rows[Project].name}
    yield "add a publisher there", ("/admin/publishers/publisher/add/", place, False)
    for path in addresses():
        if path.endswith("/export/"):
            yield "export", (path, {}, False)


def count(client: Client, page: Page) -> int | None:
    """How many questions a page asks; None for one that nobody may open."""
    path, sent, is_form = page
    ContentType.objects.clear_cache()  # so that it does not matter which page was opened before
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, sent) if is_form else client.get(path, sent or None)
        b"".join(answer)
    assert answer.status_code in {200, 403}, page
    return len(queries) if answer.status_code == 200 else None


@pytest.mark.django_db
def test_each_page_asks_as_many_questions_as_the_table_says(client: Client):
    crowd = make_crowd()
    client.force_login(crowd.boss)
    asked: dict[str, dict[str, int]] = {}
    opened: set[str] = set()
    for group, name, page in pages(crowd, client):
        opened.add(resolve(page[0].partition("?")[0]).route)
        number = count(client, page)
        if number is not None:
            of_group = asked.setdefault(group, {})
            of_group[name] = max(number, of_group.get(name, 0))
    assert asked == PINNED
    there = {path for path in addresses() if path not in ELSEWHERE and not LEADS_ON.search(path)}
    assert {resolve(path).route for path in there} <= opened
