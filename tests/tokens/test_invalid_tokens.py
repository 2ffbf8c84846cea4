"""Tokens of good signature that are not for here or now: recorded where their workload is known, and nowhere else."""

import json
import re
import time
from typing import Any

import pytest
from post_office.models import Email

from demo.signing import SigningKey
from publishers.models import Publisher
from registry.models import Event
from tests.tokens.test_checking import CHECK, ELSEWHERE
from tests.tokens.test_exchange import mint, refusal
from tokens.models import Exchange, UploadToken

pytestmark = pytest.mark.usefixtures("world")

DATE = "a number of seconds since 1970"
NOW = int(time.time())
# What is wrong: the claims, which of them the record names, and what it must be.
WRONG: dict[str, tuple[dict[str, Any], str, str, str | None]] = {
    "another audience": ({"aud": "pypi"}, "aud", "localhost:8443", "pypi"),
    "several audiences": ({"aud": ["pypi", "localhost:8443"]}, "aud", "localhost:8443", '["pypi", "localhost:8443"]'),
    "no audience": ({"aud": None}, "aud", "localhost:8443", None),
    "expired": ({"iat": 1000, "exp": 1300}, "exp", "in the future", "1300"),
    "too long-lived": ({"iat": NOW, "exp": NOW + 7200}, "exp", "at most 3600 seconds after iat", str(NOW + 7200)),
    "issued later": ({"iat": NOW + 9000, "exp": NOW + 9060}, "iat", "in the past", str(NOW + 9000)),
    "not yet valid": ({"nbf": NOW + 9000}, "nbf", "in the past", str(NOW + 9000)),
    "no date": ({"exp": None}, "exp", DATE, None),
    "a date in words": ({"exp": "tomorrow"}, "exp", DATE, "tomorrow"),
    "a date that is a list": ({"iat": [{"a": None}]}, "iat", DATE, '[{"a": null}]'),
    "an id that is none": ({"jti": 7}, "jti", "a text of 1 to 1024 printable characters", "7"),
    "an id with a NUL": ({"jti": "a\0"}, "jti", "without NUL characters", "a\\u0000"),
    "a NUL somewhere": ({"x": {"y": ["\0"]}}, "x", "without NUL characters", '{"y": ["\\u0000"]}'),
    "a NUL in a name": ({"\0": 1}, "\\u0000", "without NUL characters", "1"),
}


@pytest.mark.parametrize("what", WRONG)
def test_it_is_recorded_once_with_the_claim_that_is_wrong(client, world, what):
    claims, claim, expected, actual = WRONG[what]
    token = world.token(**claims)
    first, again = mint(client, token), mint(client, token)
    code, said = refusal(first)
    exchange = Exchange.objects.get()
    assert first.json()["exchange"] == again.json()["exchange"] == str(exchange.pk)
    assert (exchange.outcome, exchange.code, exchange.description) == ("refused", code, said)
    assert code == "invalid-token"
    assert (exchange.issuer, exchange.issuer_url, exchange.provider) == (world.issuer, world.issuer.url, "github")
    assert (exchange.identity, exchange.key_id) == (world.publisher.identity, world.local.key.key_id)
    (record,) = exchange.checks
    assert (record["project"], record["publisher"]) == ("sampleproject", world.publisher.pk)
    assert record["checks"][0] == {"claim": claim, "expected": expected, "actual": actual, "ok": False}
    assert all(check["ok"] for check in record["checks"][1:]), "the ids agree"
    line = Event.objects.get(tag="project:oidc:exchange-refused")
    assert (line.project, line.details["code"]) == (world.project, "invalid-token")
    assert not UploadToken.objects.exists()


def test_its_owners_are_told_with_the_claim_and_a_link(client, world):
    Email.objects.all().delete()
    for _ in range(2):
        mint(client, world.token(aud="pypi", event_name="pull_request_target"))
    (mail,) = Email.objects.all()
    assert mail.subject == "[Gatehouse] sampleproject: an upload token was refused"
    assert "The claim `aud` must be `localhost:8443`; the token says `pypi`." in mail.message
    assert "not supported" not in mail.message
    assert f"/exchanges/{Exchange.objects.earliest('created_at').pk}/" in mail.message


def test_where_strangers_register_what_it_said_is_not_told(client, world, settings):
    settings.SIGNUP_OPEN = True
    Email.objects.all().delete()
    mint(client, world.token(aud="pypi-of-others"))
    (mail,) = Email.objects.all()
    assert "The claim `aud` must be `localhost:8443`, and is not." in mail.message
    client.force_login(world.owner)
    page = client.get(f"/manage/project/sampleproject/exchanges/{Exchange.objects.get().pk}/").content.decode()
    assert "pypi-of-others" not in page + mail.message


def test_of_other_ids_nothing_else_is_told(client, world):
    Email.objects.all().delete()
    mint(client, world.token(aud="pypi", repository_id="75"))
    (mail,) = Email.objects.all()
    assert "The claim `repository_id` is not the registered id." in mail.message
    assert "aud" not in mail.message


def test_the_page_tells_what_is_wrong_and_offers_no_change_of_the_publisher(client, world):
    mint(client, world.token(aud="pypi"))
    client.force_login(world.owner)
    page = client.get(f"/manage/project/sampleproject/exchanges/{Exchange.objects.get().pk}/").content.decode()
    said = re.sub(r"<[^>]+>", "", page)
    assert "The claim aud is wrong: expected localhost:8443, got pypi." in " ".join(said.split())
    assert "If the job is yours" not in page
    assert "would trust this token now" not in page
    assert "asked for other projects too" not in page
    assert "invalid-token" in client.get("/manage/project/sampleproject/exchanges/?code=invalid-token").content.decode()


def test_a_pending_publisher_is_a_publisher_too(client, world):
    world.publisher.delete()
    world.add("brand-new")
    response = mint(client, world.token(aud="pypi"))
    assert response.json()["exchange"] == str(Exchange.objects.get().pk)


def test_narrowed_to_projects_that_do_not_trust_it_there_is_nothing_to_compare(client, world):
    world.create("another")
    mint(client, world.token(aud="pypi"), projects=["another"])
    assert Exchange.objects.get().checks == []
    assert not Event.objects.filter(tag="project:oidc:exchange-refused").exists()


@pytest.mark.parametrize(
    "claims",
    [ELSEWHERE, {"repository": None}, {"repository": 7}, {"repository": "octo-org/sample\0project"}, {"ref": ["a"]}],
    ids=["nobody stands there", "no identity", "an identity of another type", "a NUL in it", "a claim of another type"],
)
def test_where_no_publisher_stands_nothing_is_written(client, world, claims):
    Email.objects.all().delete()
    events = Event.objects.count()
    response = mint(client, world.token(**{"aud": "pypi", **claims}))
    assert refusal(response)[0] == "invalid-token"
    assert "exchange" not in response.json()
    assert (Exchange.objects.count(), Event.objects.count(), Email.objects.count()) == (0, events, 0)


def test_of_a_bad_signature_nothing_is_written(client, world):
    claims = {**world.local.github_claims(), "aud": "pypi"}
    forged = world.local.sign(claims, key=SigningKey.new(), headers={"kid": world.local.key.key_id})
    response = mint(client, forged)
    assert refusal(response)[0] == "invalid-token"
    assert "exchange" not in response.json()
    assert not Exchange.objects.exists()


def test_a_check_writes_nothing(client, world):
    token = world.token(aud="pypi")
    answer = client.post(CHECK, json.dumps({"token": token}), content_type="application/json")
    assert answer.json()["errors"][0]["code"] == "invalid-token"
    assert not Exchange.objects.exists()


def test_without_an_id_that_can_be_used_what_was_signed_is_the_id(client, world):
    for token in (world.token(jti=7), world.token(jti=7, run_id="2")):
        assert mint(client, token).json()["exchange"] == mint(client, token).json()["exchange"]
    assert Exchange.objects.count() == 2


def test_one_that_was_used_counts_as_sent_again(client, world):
    token = world.token()
    granted = mint(client, token).json()
    world.issuer.audience = "elsewhere"
    world.issuer.save()
    refused = mint(client, token)
    assert refusal(refused)[0] == "invalid-token"
    assert refused.json()["exchange"] == granted["exchange"]
    assert Exchange.objects.get().replays == 1


def test_it_teaches_no_new_name(client, world):
    ref = "octo-org/newname/.github/workflows/release.yml@refs/heads/main"
    mint(client, world.token(aud="pypi", repository="octo-org/newname", workflow_ref=ref, job_workflow_ref=ref))
    assert Publisher.objects.get().renamed_to is None
    assert not Exchange.objects.exists()
