"""Why an exchange was refused, as a project's people are told: what differs, and what to change, if they may see it.

The recorded sentence was the job's own, and may speak of other projects: it is for administrators.
"""

from collections.abc import Mapping
from typing import Any

from publishers import sentences
from publishers.errors import InvalidToken
from publishers.matching import REGISTERED_ID
from publishers.providers.fields import Check, Reading
from tokens.disclosure import Comparison, Seen
from tokens.models import Exchange

FORBIDDEN = "Jobs that were started in this way never get one, whatever the publishers say."
FOR_OTHERS = (
    "This publisher trusts the token. The job asked for other projects too, and not all of them have a publisher that "
    "does."
)
RENAMED = "The recorded ids agree: it was renamed. Accept its new name in the publisher."


def reading_of(exchange: Exchange) -> Reading | None:
    """What its token said, in the words of the publishers' form; None where that cannot be told any more."""
    if exchange.issuer is None:
        return None
    try:
        return exchange.issuer.kind.read(exchange.claims)
    except InvalidToken:  # the issuer's claims are named otherwise now
        return None


def rule(exchange: Exchange, reading: Reading | None) -> str | None:
    """Why no publisher at all trusts such a job, in full; None if that was not it."""
    granted, invalid = exchange.outcome == Exchange.Outcome.GRANTED, exchange.code == InvalidToken.code
    if granted or invalid or exchange.issuer is None or reading is None:
        return None
    return exchange.issuer.kind.forbid(reading)


def forbidden(exchange: Exchange, seen: Seen, reading: Reading | None) -> str | None:
    """The same, as far as the project may see it."""
    sentence = rule(exchange, reading)
    return sentence if sentence is None or seen.in_context else FORBIDDEN


def reasons(exchange: Exchange, comparison: Comparison, reading: Reading | None) -> list[str]:
    """What is between a publisher and the token, in sentences."""
    if comparison.ok:
        return [] if exchange.outcome == Exchange.Outcome.GRANTED else [FOR_OTHERS]
    if comparison.is_another:
        return [another(check) for check in comparison.checks]
    said = [comparison.dead] if comparison.dead else []
    if not comparison.tells_all:
        return said + [difference(check) for check in comparison.checks if not check["ok"]]
    if exchange.code == InvalidToken.code:
        return [*said, exchange.description]  # it speaks of nothing but the token
    checks = _failing(exchange, comparison, reading)
    if _is_renamed(comparison, checks):
        return [*said, RENAMED]
    return said + [sentences.unmet(check) for check in checks]


def another(check: Mapping[str, Any]) -> str:
    """A pin that differs: more than that is never told."""
    return f"The claim `{check['claim']}` is not the registered id."


def difference(check: Mapping[str, Any]) -> str:
    """One check that failed, as far as it holds what the token said."""
    said = f"The claim `{check['claim']}` must be {sentences.either(check['expected'])}"
    if "actual" not in check:
        return f"{said}, and is not."
    return f"{said}; the token {_says(check['actual'])}."


def _says(actual: Any) -> str:
    return "has none" if actual in (None, "") else f"says {sentences.shown(actual)}"


def _failing(exchange: Exchange, comparison: Comparison, reading: Reading | None) -> list[Check]:
    """The checks that failed, with the fields that asked; bare where the provider has other fields by now."""
    held: list[Check] = []
    if exchange.issuer is not None and reading is not None:
        fields = exchange.issuer.kind.fields
        held = [check for field in fields for check in field.checks(comparison.fields.get(field.name), reading)]
    return [_of_field(check, held) for check in comparison.checks if not check["ok"]]


def _of_field(recorded: Mapping[str, Any], held: list[Check]) -> Check:
    bare = Check(**recorded)
    return next((check for check in held if check == bare), bare)


def _is_renamed(comparison: Comparison, failing: list[Check]) -> bool:
    pinned = any(check["expected"] == REGISTERED_ID for check in comparison.checks)
    return pinned and any(check.about is not None and check.about.locates for check in failing)
