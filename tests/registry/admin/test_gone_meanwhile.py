"""Somebody changes a row in the admin while somebody else deletes it: it is said, and nothing comes back."""

import html
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client

from publishers.issuers import remove as remove_issuer
from publishers.models import Issuer, Publisher
from publishers.registration import remove as remove_publisher
from registry.deletion import delete_project, delete_release, delete_user
from registry.models import Event, Project, Release, Role, User
from registry.roles import remove_role
from tests.factories import TESTER, make_file, make_project, make_user
from tests.machine import needs_postgresql
from tests.publishers.admin.test_issuers import FORM as ISSUER
from tests.registry.admin.test_projects import posted

VALUES = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
PERSON = {"username": "bob", "email": "bob@example.org", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
NO_ROWS = {
    f"{name}-{end}_FORMS": "0"
    for name in ("emailaddress_set", "authenticator_set", "socialaccount_set", "files")
    for end in ("TOTAL", "INITIAL")
}
DELETE: dict[type[Any], Callable[[Any], object]] = {
    Project: lambda row: delete_project(row, TESTER),
    Release: lambda row: delete_release(row, TESTER),
    User: lambda row: delete_user(row, TESTER),
    Publisher: lambda row: remove_publisher(row, TESTER),
    Issuer: lambda row: remove_issuer(row, TESTER),
}
MOMENTS = ("get_object", "get_form", "save_form")


def make(model: type[Any]) -> tuple[Any, dict[str, Any]]:
    """A row of the model, and a form that changes it."""
    if model is User:
        return make_user("bob"), {**PERSON, **NO_ROWS, "is_active": "on"}
    if model is Issuer:
        return Issuer.objects.create(url=str(ISSUER["url"]), provider="github"), {**ISSUER, "name": "Another"}
    project = make_project("sampleproject", make_user("alice"))
    if model is Project:
        return project, posted(project, status="archived", alice="owner")
    if model is Release:
        return make_file(project).release, {**NO_ROWS, "yanked": "on", "yanked_reason": "bad"}
    publisher = Publisher.objects.create(issuer=Issuer.objects.get(provider="github"), project=project, values=VALUES)
    return publisher, {**VALUES, "label": "main", "enabled": "on", "pin_at_first_use": "on"}


def change_page(row: Any) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def text_of(answer: Any) -> str:
    return html.unescape(" ".join(answer.content.decode().split()))


def meanwhile(monkeypatch: pytest.MonkeyPatch, row: Any, moment: str, do: Callable[[Any], object]) -> None:
    """``do`` it once, right after the admin of the row did what ``moment`` says."""
    its, doings = admin.site._registry[type(row)], [do]
    really = getattr(its, moment)

    def done(*args: Any, **kwargs: Any) -> Any:
        result = really(*args, **kwargs)
        if doings:
            doings.pop()(type(row).objects.get(pk=row.pk))
        return result

    monkeypatch.setattr(its, moment, done)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "moment"),
    # A publisher's page has a form of its own.
    [(model, moment) for model in DELETE for moment in MOMENTS if model is not Publisher or moment == "get_object"],
)
def test_a_change_of_what_was_deleted_meanwhile_says_so(
    client: Client, boss: User, monkeypatch: pytest.MonkeyPatch, model: type[Any], moment: str
):
    row, said = make(model)
    meanwhile(monkeypatch, row, moment, DELETE[model])
    answer = client.post(change_page(row), said, follow=True)
    assert answer.status_code == 200
    # The deletion itself is undone here, being in one transaction with the change; see test_two_at_once.
    assert "deleted meanwhile" in text_of(answer) or "removed meanwhile" in text_of(answer)
    assert not Event.objects.filter(actor_name="boss").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("model", DELETE, ids=lambda model: model.__name__)
def test_it_can_be_deleted_by_two(client: Client, boss: User, monkeypatch: pytest.MonkeyPatch, model: type[Any]):
    row, _ = make(model)
    meanwhile(monkeypatch, row, "get_deleted_objects", DELETE[model])
    answer = client.post(change_page(row).replace("/change/", "/delete/"), {"post": "yes"}, follow=True)
    assert answer.status_code == 200
    assert not Event.objects.filter(actor_name="boss").exists()


@pytest.mark.django_db
def test_a_role_that_went_meanwhile_is_said(client: Client, boss: User):
    project = make_project("sampleproject", make_user("alice"), bob := make_user("bob"))
    said = posted(project, status="archived")
    remove_role(project, bob, actor=TESTER)
    answer = client.post(change_page(project), said, follow=True)
    assert answer.status_code == 200
    assert not Role.objects.filter(user=bob).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["quarantine", "lift_quarantine"])
def test_selected_projects_that_went_are_passed_over(
    client: Client, boss: User, monkeypatch: pytest.MonkeyPatch, action: str
):
    gone, stays = (make_project(name, make_user(f"owner-of-{name}"), status="quarantined") for name in ("one", "two"))
    its = admin.site._registry[Project]
    really = getattr(its, action)

    def late(request: Any, rows: Any) -> Any:
        rows = list(rows) if action == "quarantine" else rows
        DELETE[Project](gone)
        return really(request, rows)

    monkeypatch.setattr(type(its), action, lambda _self, request, rows: late(request, rows))
    said = {"action": action, "_selected_action": [gone.pk, stays.pk]}
    assert client.post("/admin/registry/project/", said, follow=True).status_code == 200


def in_a_thread(delete: Callable[[Any], object], threads: list[threading.Thread]) -> Callable[[Any], None]:
    """Begin the deletion by a connection of its own; it may have to wait."""

    def run(row: Any) -> None:
        try:
            delete(row)
        finally:
            connection.close()

    def begin(row: Any) -> None:
        threads.append(threading.Thread(target=run, args=[row]))
        threads[-1].start()
        threads[-1].join(0.5)

    return begin


@needs_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("model", "moment"),
    [
        *(
            (model, moment)
            for model in (Project, Release, User)
            for moment in ("get_object", "save_model", "log_change")
        ),
        *((Publisher, moment) for moment in ("get_object", "log_change")),  # its page has a form of its own
    ],
)
def test_two_at_once(client: Client, boss: User, monkeypatch: pytest.MonkeyPatch, model: type[Any], moment: str):
    """The deletion begins in the middle of the change and may have to wait for its end."""
    row, said = make(model)
    threads: list[threading.Thread] = []
    meanwhile(monkeypatch, row, moment, in_a_thread(DELETE[model], threads))
    answer = client.post(change_page(row), said, follow=True)
    for thread in threads:
        thread.join(10)
    assert answer.status_code == 200
    assert threads
    assert not model.objects.filter(pk=row.pk).exists()


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_new_password_brings_nobody_back(client: Client, boss: User, monkeypatch: pytest.MonkeyPatch):
    bob = make_user("bob")
    said = {"password1": "a long enough pass phrase", "password2": "a long enough pass phrase"}
    page, threads = f"/admin/registry/user/{bob.pk}/password/", list[threading.Thread]()
    meanwhile(monkeypatch, bob, "get_object", in_a_thread(DELETE[User], threads))
    assert client.post(page, {**said, "usable_password": "true"}, follow=True).status_code == 200
    threads[0].join(10)
    assert not User.objects.filter(username="bob").exists()
    assert "deleted meanwhile" in text_of(client.post(page, said, follow=True))
