"""What an issuer's sample token would do here, step by step, before anybody depends on it; nothing is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.views.decorators.debug import sensitive_variables

from publishers import keys, oidc
from publishers.errors import InvalidPayload, Refused
from publishers.models import Issuer, Publisher

T = TypeVar("T")
MAX_PUBLISHERS = 20


@dataclass(frozen=True)
class Step:
    """A step of the way, and how it went; ``problem`` is empty where it went well."""

    words: str
    problem: str = ""


@dataclass
class Trial:
    """How far the token came, and what it says. Claims are shown once the signature is right."""

    steps: list[Step] = field(default_factory=list)
    claims: Mapping[str, Any] = field(default_factory=dict)
    fields: list[tuple[str, Any]] = field(default_factory=list)  # label, value
    place: str = ""
    publishers: list[Publisher] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the issuer's word would be taken."""
        return all(not step.problem for step in self.steps)

    def take(self, words: str, step: Callable[[], T]) -> T:
        """Do a step and note it. Raises Refused."""
        try:
            found = step()
        except Refused as refused:
            self.steps.append(Step(words, refused.description))
            raise
        self.steps.append(Step(words))
        return found


@sensitive_variables()
def try_token(issuer: Issuer, unverified_text: str) -> Trial:
    """Go the way of an exchange with a token of ``issuer``, up to the publishers that stand at its place."""
    trial = Trial()
    try:
        _go(trial, issuer, unverified_text)
    except Refused:
        return trial
    return trial


@sensitive_variables()
def _go(trial: Trial, issuer: Issuer, unverified_text: str) -> None:
    unverified = trial.take("It is an identity token", lambda: oidc.peek(unverified_text))
    trial.take("It names this issuer", lambda: _check_issuer(unverified.issuer, issuer))
    key = trial.take("Its key is one of the issuer's", lambda: keys.find(issuer, unverified.key_id))
    signed = trial.take("Its signature is right", lambda: oidc.authenticate(unverified, issuer, key))
    trial.claims = dict(unverified.claims)
    verified = trial.take("Audience, dates and other registered claims are right", lambda: oidc.accept(signed))
    kind = issuer.kind
    reading = trial.take(f"{kind.label} reads its claims", lambda: kind.read(verified.claims))
    trial.fields = [(part.label, reading.get(part.name)) for part in kind.fields]
    trial.fields += [(pin.label, reading.get(pin.name)) for pin in kind.pins]
    trial.place = kind.place(reading)
    standing = Publisher.objects.at(issuer, kind.identity(reading)).select_related("issuer", "project")
    trial.publishers = list(standing[:MAX_PUBLISHERS])


def _check_issuer(named: str, issuer: Issuer) -> None:
    if named != issuer.url:
        raise InvalidPayload(f"It was issued by {named[:200]!r}, not by {issuer.url}.")
