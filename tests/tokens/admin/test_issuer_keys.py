"""The page of an issuer's keys: what each is, since when, when it was last used, and all that is done with them."""

import json
import re

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from demo.signing import SigningKey
from publishers import keys, refreshing
from publishers.models import Issuer
from tests.tokens.admin.conftest import Story
from tests.tokens.conftest import World
from tests.tokens.test_exchange import mint

pytestmark = pytest.mark.usefixtures("boss")


def page_of(issuer: Issuer) -> str:
    return f"/admin/publishers/issuer/{issuer.pk}/keys/"


def rows(client: Client, issuer: Issuer) -> dict[str, str]:
    """What the page says of each key, by its id."""
    page = client.get(page_of(issuer)).content.decode()
    told = [" ".join(strip_tags(row).split()) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]]
    return dict(row.split(" ", 1) for row in told)


def test_each_key_says_its_type_since_when_it_is_known_and_when_it_was_last_used(client: Client, story: Story):
    issuer = story.world.issuer
    [used] = issuer.keys
    idle = SigningKey.new("ES256")
    story.world.local.published.append(idle)
    keys.refresh(issuer)
    told = rows(client, issuer)
    today = f"{timezone.now():%Y-%m-%d}"
    assert told[used].startswith(f"RSA, 2048 bits {today}")
    assert f"{story.exchange.created_at:%Y-%m-%d %H:%M} UTC, 0 minutes ago" in " ".join(told[used].split("\xa0"))
    assert told[idle.key_id].startswith(f"EC, P-256 {today}")
    assert "not seen" in told[idle.key_id]


def test_a_refused_token_is_a_use_of_its_key(client: Client, world: World):
    [known] = world.issuer.keys
    assert mint(client, world.token(repository_id="75")).status_code == 422
    assert "ago" in rows(client, world.issuer)[known]


def test_it_says_what_the_last_fetch_said_and_how_many_publishers_hang_there(client: Client, world: World):
    page = client.get(page_of(world.issuer)).content.decode()
    assert "That fetch was good." in page
    assert "1 publisher</a>" in page
    assert f"/admin/publishers/issuer/{world.issuer.pk}/try/" in page
    failed = {"refresh_error": "The issuer answered 500.", "refresh_finished_at": timezone.now()}
    refreshing.update(world.issuer, **failed)
    page = client.get(page_of(world.issuer)).content.decode()
    assert "failed: The issuer answered 500." in " ".join(page.split())
    assert "That fetch was good." not in page


def test_a_dropped_key_signs_nothing_and_a_pasted_set_serves(client: Client, world: World):
    [known] = world.issuer.keys
    client.post(page_of(world.issuer), {"what": "drop", "key": known, "sure": "yes"})
    refused = mint(client, world.token())
    assert (refused.status_code, refused.json()["errors"][0]["code"]) in {
        (422, "invalid-token"),
        (503, "keys-unavailable"),
    }
    other = SigningKey.new()
    document = json.dumps({"keys": [other.jwk()]})
    client.post(page_of(world.issuer), {"what": "paste", "document": document})
    world.local.key = other
    assert mint(client, world.token()).status_code == 200
    told = rows(client, world.issuer)
    assert "ago" in told[other.key_id]
    assert known not in told
