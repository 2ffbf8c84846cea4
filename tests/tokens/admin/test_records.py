"""Audit records: searched, filtered, linked along the chain, exported, and never changed by anybody."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from publishers import issuers, registration
from publishers.models import Issuer, Publisher
from registry.actors import Actor
from registry.admin.paging import CappedPaginator
from registry.deletion import delete_file, delete_project, delete_user
from registry.models import Event, File
from tests.factories import make_user
from tests.registry.admin.test_records import listed
from tests.tokens.admin.conftest import COMMIT, RUN, Story
from tokens.models import ApiToken, Exchange, Provenance, UploadToken

EXCHANGES, TOKENS, FILES = "/admin/tokens/exchange/", "/admin/tokens/uploadtoken/", "/admin/tokens/provenance/"
RECORDS = [Event, Exchange, UploadToken, ApiToken, Provenance]

pytestmark = pytest.mark.usefixtures("boss")


@pytest.mark.parametrize("page", [EXCHANGES, TOKENS, FILES])
def test_each_list_is_searched_by_whatever_is_known(client, story: Story, page):
    Exchange.objects.create(outcome="refused", code="invalid-publisher", issuer_url="x", identity='["a","b"]')
    for text in (
        "sampleproject",
        "octo-org/sampleproject",
        "Octo-Org/SamplePROJECT",
        COMMIT,
        COMMIT[:9],
        str(story.exchange.pk),
        "198.51.100.7",
    ):
        assert listed(client, page, q=text) == 1, text
    for text in ("other", "octo-org/other", "abcdef0", str(story.exchange.pk)[:-4] + "0000", "198.51.100.8"):
        assert listed(client, page, q=text) == 0, text


def test_exchanges_and_files_are_found_by_their_run(client, story: Story):
    assert [listed(client, page, q=RUN) for page in (EXCHANGES, FILES)] == [1, 1]


def test_exchanges_are_filtered(client, story: Story):
    columns = {"issuer_url": "https://gitlab.com", "provider": "gitlab", "identity": "[]"}
    Exchange.objects.create(outcome="refused", code="invalid-publisher", **columns)
    assert listed(client, EXCHANGES) == 2
    assert listed(client, EXCHANGES, outcome="refused") == 1
    assert listed(client, EXCHANGES, code="invalid-publisher") == 1
    assert listed(client, EXCHANGES, code="invalid-reuse-token") == 0
    assert listed(client, EXCHANGES, provider="gitlab", outcome="granted") == 0
    assert listed(client, EXCHANGES, issuer__id__exact=story.world.issuer.pk) == 1
    assert listed(client, EXCHANGES, created_at__gte="2020-01-01 00:00:00+00:00") == 2


@pytest.mark.parametrize("state", ["live", "revoked", "burnt", "spent", "expired"])
def test_upload_tokens_are_filtered_by_their_state(client, story: Story, state):
    now = timezone.now()
    columns = {"expires_at": now} if state == "expired" else {} if state == "live" else {f"{state}_at": now}
    UploadToken.objects.update(**columns)
    story.token.refresh_from_db()
    assert story.token.state() == state
    states = ["live", "revoked", "burnt", "spent", "expired"]
    assert [name for name in states if listed(client, TOKENS, state=name)] == [state]


def test_api_tokens_are_filtered_by_their_state(client, story: Story):
    now, alice = timezone.now(), story.world.owner
    rows: dict[str, dict[str, Any]] = {
        "live": {"user": alice},
        "revoked": {"user": alice, "revoked_at": now},
        "expired": {"user": alice, "expires_at": now},
        "without its user": {},
    }
    for number, (state, columns) in enumerate(rows.items()):
        token = ApiToken.objects.create(digest=f"{number}", username="alice", name=state, **columns)
        assert token.state() == state
        assert listed(client, "/admin/tokens/apitoken/", state=state) == 1
    assert listed(client, "/admin/tokens/apitoken/", q="alice") == 4


def test_each_page_links_to_the_next_along_the_chain_and_back(client, story: Story):
    rows = {
        "exchange": story.exchange,
        "uploadtoken": story.token,
        "provenance": story.provenance,
    }
    project, publisher, file = story.world.project, story.world.publisher, File.objects.get()
    ways = {
        "exchange": [story.token, story.provenance, project, publisher, story.world.issuer],
        "uploadtoken": [story.exchange, story.provenance, project, publisher],
        "provenance": [story.exchange, story.token, project, publisher, file],
    }
    for name, row in rows.items():
        page = client.get(f"/admin/tokens/{name}/{row.pk}/change/").content.decode()
        for target in ways[name]:
            address = f"/{target._meta.app_label}/{target._meta.model_name}/{target.pk}/change/"
            assert address in page, (name, target)
    event = Event.objects.get(tag="project:oidc:exchange-granted")
    page = client.get(f"/admin/registry/event/{event.pk}/change/").content.decode()
    assert f"/admin/tokens/exchange/{story.exchange.pk}/change/" in page
    assert f"/admin/registry/project/{project.pk}/change/" in page


def test_the_way_along_the_chain_is_walked_when_all_else_is_gone(client, story: Story):
    delete_project(story.world.project, Actor("boss"))
    for row in (story.exchange, story.token, story.provenance):
        assert client.get(f"/admin/tokens/{row._meta.model_name}/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_a_list_shows_is_exported(client, story: Story, kind):
    Exchange.objects.create(outcome="refused", code="invalid-publisher", issuer_url="x", identity="[]")
    answer = client.get(f"{EXCHANGES}export/", {"q": COMMIT, "as": kind})
    text = b"".join(answer.streaming_content).decode()
    rows: list[dict[str, Any]] = (
        list(csv.DictReader(io.StringIO(text))) if kind == "csv" else [json.loads(line) for line in text.splitlines()]
    )
    assert [row["id"] for row in rows] == [str(story.exchange.pk)]
    claims = json.loads(rows[0]["claims"]) if kind == "csv" else rows[0]["claims"]
    assert claims["sha"] == COMMIT
    assert f".{kind}" in answer["Content-Disposition"]


def test_an_exported_row_names_the_rows_to_which_it_refers(client, story: Story):
    for kind in ("csv", "jsonl"):
        text = b"".join(client.get("/admin/tokens/provenance/export/", {"as": kind}).streaming_content).decode()
        row = next(csv.DictReader(io.StringIO(text))) if kind == "csv" else json.loads(text)
        assert row["exchange_id"] == str(story.exchange.pk)
        assert str(row["upload_token_id"]) == str(story.token.pk)


@pytest.mark.parametrize("page", [TOKENS, "/admin/tokens/apitoken/"])
def test_an_export_holds_no_digest(client, story: Story, page):
    text = b"".join(client.get(f"{page}export/").streaming_content).decode()
    assert "digest" not in text
    assert story.token.digest not in text


def test_an_export_takes_the_right_to_see(client, story: Story):
    helper = make_user("helper", is_staff=True)
    client.force_login(helper)
    assert client.get(f"{EXCHANGES}export/").status_code == 403
    helper.user_permissions.add(Permission.objects.get(codename="view_exchange"))
    assert client.get(f"{EXCHANGES}export/").status_code == 200
    assert client.post(f"{EXCHANGES}export/").status_code == 405
    assert client.get(f"{EXCHANGES}export/", {"nonsense": "1"}).status_code == 302


def everything() -> dict[str, list[dict[str, object]]]:
    """All audit records, but for what they point to."""
    kept = {}
    for model in RECORDS:
        names = [field.attname for field in model._meta.concrete_fields if not field.is_relation]
        kept[model.__name__] = list(model._default_manager.order_by("pk").values(*names))
    return kept


def test_deleting_what_records_speak_of_removes_none(client, story: Story):
    world = story.world
    ApiToken.objects.create(digest="x", user=world.owner, username="alice", name="ci").projects.add(world.project)
    actor, before = Actor("boss"), everything()
    delete_file(File.objects.get(), actor)
    registration.remove(world.publisher, actor)
    delete_project(world.project, actor)
    delete_user(world.owner, actor)
    issuers.remove(world.issuer, actor)
    assert not Publisher.objects.exists()
    assert not Issuer.objects.filter(pk=world.issuer.pk).exists()
    after = everything()
    for name, rows in before.items():
        assert [row for row in after[name] if row in rows] == rows, name


def test_a_list_counts_no_further_than_its_cap(client, story: Story, monkeypatch):
    monkeypatch.setattr("registry.admin.paging.MOST", 2)
    for _ in range(3):
        Exchange.objects.create(outcome="granted", issuer_url="x", identity="[]")
    assert CappedPaginator(Exchange.objects.order_by("pk"), 1).count == 2
    assert listed(client, EXCHANGES) == 2


def test_a_stranger_searches_nothing(story: Story):
    for page in (EXCHANGES, TOKENS, FILES, f"{EXCHANGES}export/", "/admin/tokens/uploadtoken/revoke/"):
        assert Client().get(page).status_code == 302
