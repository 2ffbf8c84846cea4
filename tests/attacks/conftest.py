"""What an attack may not do, whatever it is: checked around every hostile token."""

import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from demo.issuer import LocalIssuer
from demo.signing import SigningKey
from publishers import keys
from publishers.models import Issuer, Publisher
from registry.models import Event, Project
from tests.attacks.forging import CHECK, MINT, PUBLISHER, TOKEN, Answers, Target, post
from tests.tokens.conftest import FIELDS, IDS
from tokens.models import Exchange, UploadToken


@pytest.fixture(scope="module")
def local(signing_key: SigningKey) -> Iterator[LocalIssuer]:
    """An issuer that signs. Its keys are pasted: nobody asks it anything."""
    with LocalIssuer(key=signing_key) as running:
        yield running


@pytest.fixture
def target(db: None, local: LocalIssuer) -> Target:
    """The issuer's row and a pinned publisher of ``sampleproject``."""
    issuer = Issuer.objects.create(url=local.url, provider="github")
    keys.paste(issuer, local.key_set())
    project = Project.objects.create(name="sampleproject")
    publisher = Publisher.objects.create(issuer=issuer, project=project, values=dict(FIELDS), pins=dict(IDS))
    return Target(local, issuer, publisher)


@pytest.fixture
def attack(db: None, caplog: pytest.LogCaptureFixture) -> Callable[..., Answers]:
    """Send a token to mint-token and check, and see that it is refused, writes nothing and is repeated nowhere."""
    return lambda token, **members: refused(caplog, json.dumps({"token": token, **members}).encode(), token)


@pytest.fixture
def attack_signed(db: None, caplog: pytest.LogCaptureFixture) -> Callable[..., Answers]:
    """The same with what the issuer signed, though it should not have: of that the refusal is recorded, and no more."""
    return lambda token: refused(caplog, json.dumps({"token": token}).encode(), token, recorded=(PUBLISHER, TOKEN))


@pytest.fixture
def attack_raw(db: None, caplog: pytest.LogCaptureFixture) -> Callable[..., Answers]:
    """The same with a body's very bytes, and further headers."""
    return lambda body, **headers: refused(caplog, body, body.decode("latin-1"), **headers)


def refused(
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    secret: str,
    recorded: Collection[str] = (PUBLISHER,),
    **headers: Any,
) -> Answers:
    """Both answers, each of which refuses. Nothing is written but the record of a refusal with one of these codes."""
    before, answers = rows(), []
    with caplog.at_level("DEBUG"):
        for path in (CHECK, MINT):
            with CaptureQueriesContext(connection) as captured:
                status, document = post(path, body, **headers)
            assert 400 <= status < 500 or (path == CHECK and status == 200), (status, document)
            assert "token" not in document
            assert not document.get("would_mint")
            _check_not_repeated(secret, json.dumps(document) + caplog.text)
            if path == CHECK or document["errors"][0]["code"] not in recorded:
                assert [query["sql"] for query in captured if not query["sql"].startswith("SELECT")] == []
            answers.append(document)
    said = Answers(mint=answers[1], check=answers[0])
    assert said.check["errors"] == said.mint["errors"]
    assert rows()[:2] == before[:2]
    assert said.code in recorded or rows() == before
    return said


def rows() -> tuple[int, ...]:
    """How much an exchange could have written: tokens, grants, refusals and lines of the history."""
    granted = Exchange.objects.filter(outcome="granted").count()
    return UploadToken.objects.count(), granted, Exchange.objects.count(), Event.objects.count()


def _check_not_repeated(secret: str, said: str) -> None:
    """Neither the whole token nor its signature; what is shorter than a sentence's word is no secret."""
    signature = secret.rpartition(".")[2]
    for text in (secret, signature):
        assert len(text) < 20 or text not in said
