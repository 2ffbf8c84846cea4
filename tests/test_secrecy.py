"""That the plug-in, which looks through all logs, would see a secret."""

import base64

import pytest

from demo.signing import SigningKey
from tests import secrecy
from tests.secrecy import secrets_in
from tokens import secrets

WORDS = "the quick brown fox"


@pytest.mark.parametrize("kind", [secrets.UPLOAD, secrets.API])
def test_a_token_of_either_kind_is_seen(kind: str):
    text = secrets.new(kind)
    assert secrets_in(f"sent {text} to /legacy/")
    basic = base64.b64encode(f"__token__:{text}".encode()).decode()
    assert secrets_in(f"Authorization: Basic {basic}")


def test_an_identity_token_is_seen(signing_key: SigningKey, issuer):
    assert secrets_in(f"got {issuer.sign(issuer.github_claims())}")


def test_what_a_test_made_is_seen_once_it_said_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(secrecy, "_texts", set())
    assert not secrets_in(f"{WORDS} open-sesame-2")
    secrecy.remember("open-sesame-2")
    assert secrets_in(f"{WORDS} open-sesame-2")


def test_lines_without_one_are_left_alone():
    for line in (WORDS, "GET /simple/ 200", "gth_tp_", "The keys of https://issuer.example were refreshed"):
        assert not secrets_in(line)
