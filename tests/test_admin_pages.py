"""Every admin page opens, asks the database few questions however many rows there are, and runs no inline code."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from publishers.models import Issuer, Publisher, SwitchedOff
from publishers.providers.github import GitHub
from registry import outbox
from registry.models import (
    Event,
    File,
    Invitation,
    ProhibitedName,
    Project,
    Release,
    RetiredName,
    Switch,
    UsedFilename,
    User,
)
from tests.factories import make_file, make_project, make_user
from tokens.models import ApiToken, Exchange, Provenance, RefusalNotice, Tally, UploadToken

pytestmark = pytest.mark.django_db

OURS = [
    Email,
    Event,
    File,
    Invitation,
    Issuer,
    ProhibitedName,
    Project,
    Publisher,
    Release,
    RetiredName,
    SwitchedOff,
    UsedFilename,
    User,
    ApiToken,
    Exchange,
    Provenance,
    RefusalNotice,
    Tally,
    UploadToken,
]
RECORDS = [Email, Event, UsedFilename, ApiToken, Exchange, Provenance, Tally, UploadToken]
WITHOUT_ADD = [*RECORDS, RefusalNotice, Release, File, RetiredName, Invitation, Switch]
# A session, a user, counts, the rows and what a filter lists: never one more per row.
MOST_QUERIES = 12

SECRET = "5ec3e7" * 10


@pytest.fixture
def boss(client: Client) -> User:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


def fill(first: int, last: int) -> None:
    """One row of everything, for each number."""
    issuer = Issuer.objects.get(url=GitHub.default_issuer)
    for number in range(first, last):
        alice = make_user(f"alice{number}")
        project = make_project(f"project-{number}", alice)
        file = make_file(project)
        Invitation.objects.create(project=project, role="owner", email=f"new{number}@example.com", invited_by=alice)
        values = {"owner": "octo-org", "repository": f"r{number}", "workflow_filename": "release.yml"}
        Publisher.objects.create(issuer=issuer, project=project, values=values, added_by=alice)
        Publisher.objects.create(issuer=issuer, project_name=f"new-{number}", values=values, added_by=alice)
        SwitchedOff.objects.create(provider=f"provider-{number}")
        Issuer.objects.create(url=f"https://ghe{number}.example.com", provider="github")
        UsedFilename.objects.get_or_create(filename=file.filename)
        ProhibitedName.objects.create(name=f"prohibited-{number}")
        RetiredName.objects.create(normalized_name=f"retired-{number}").last_owners.add(alice)
        Group.objects.create(name=f"group {number}")
        outbox.put([EmailMessage("Subject", "Text", to=[alice.email])])
        exchange = Exchange.objects.create(outcome="granted", issuer=issuer, issuer_url=issuer.url, identity="[]")
        upload_token = UploadToken.objects.create(
            digest=f"{SECRET}{number}",
            exchange=exchange,
            issuer=issuer,
            issuer_url=issuer.url,
            redeemed=f"{number:064}",
            redeemed_until=timezone.now(),
            expires_at=timezone.now(),
            grants=[{"project": project.normalized_name, "publisher": 1, "generation": 0, "version": None}],
        )
        Tally.objects.create(hour=timezone.now(), what="granted", count=number)
        RefusalNotice.objects.create(project=project, issuer=issuer, identity="[]", told_at=timezone.now())
        api_token = ApiToken.objects.create(digest=f"{SECRET}{number}", user=alice, username="alice", name="ci")
        api_token.projects.add(project)
        Provenance.objects.create(
            file=file, filename=file.filename, exchange=exchange, upload_token=upload_token, api_token=api_token
        )


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_model_is_registered():
    assert set(OURS) <= set(admin.site._registry)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_a_list_asks_as_many_questions_for_many_rows_as_for_few(client: Client, boss: User, model: type[Model]):
    fill(0, 2)
    with CaptureQueriesContext(connection) as few:
        assert client.get(address(model, "changelist")).status_code == 200
    fill(2, 4)
    with CaptureQueriesContext(connection) as many:
        assert client.get(address(model, "changelist")).status_code == 200
    assert len(many) == len(few) <= MOST_QUERIES
    assert client.get(address(model, "changelist"), {"q": "a"}).status_code == 200


@pytest.mark.parametrize("model", [m for m in admin.site._registry if m not in WITHOUT_ADD], ids=lambda m: m.__name__)
def test_an_add_page_opens(client: Client, boss: User, model: type[Model], django_assert_max_num_queries: Any):
    fill(0, 3)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert client.get(address(model, "add")).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_the_page_of_a_row_opens_and_shows_no_digest(
    client: Client, boss: User, model: type[Model], django_assert_max_num_queries: Any
):
    fill(0, 3)
    row = model._default_manager.first()
    assert row is not None
    with django_assert_max_num_queries(MOST_QUERIES + 6):
        page = client.get(address(model, "change", row.pk))
    assert page.status_code == 200
    assert SECRET not in page.content.decode()
    assert client.get(address(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__name__)
def test_a_record_is_never_added_changed_or_deleted(client: Client, boss: User, model: type[Model]):
    fill(0, 1)
    row = model._default_manager.first()
    assert row is not None
    before, count = model._default_manager.filter(pk=row.pk).values().get(), model._default_manager.count()
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "add"), {}).status_code == 403
    assert client.post(address(model, "change", row.pk), {"tag": "x", "name": "x"}).status_code == 403
    assert client.get(address(model, "delete", row.pk)).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    client.post(address(model, "changelist"), selected)
    assert model._default_manager.count() == count
    assert model._default_manager.filter(pk=row.pk).values().get() == before
    page = client.get(address(model, "change", row.pk)).content.decode()
    assert 'name="_save"' not in page
    assert "deletelink" not in page


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_no_page_has_inline_code_or_styles(client: Client, boss: User, model: type[Model]):
    fill(0, 1)
    row = model._default_manager.first()
    assert row is not None
    pages = [address(model, "changelist"), address(model, "change", row.pk)]
    if model not in WITHOUT_ADD:
        pages.append(address(model, "add"))
    for page in pages:
        text = client.get(page).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), page


def test_the_site_is_called_as_the_registry_is(client: Client, boss: User):
    page = client.get(reverse("admin:index"))
    assert b'<div id="site-name"><a href="/admin/">Gatehouse</a></div>' in page.content


def test_a_stranger_sees_nothing(client: Client):
    assert client.get(reverse("admin:index")).status_code == 302
    client.force_login(make_user("alice"))
    assert client.get(reverse("admin:tokens_find")).status_code == 403
