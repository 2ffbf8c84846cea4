"""From a refusal to the form that would have the token trusted: links that change nothing by being opened.

A link leads to a publisher's form, or to the form that adds one, with the values of the token filled in; an owner looks
at it and sends it. The fields are the provider's own. Only what the project may see is filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from publishers import matching, sentences
from publishers.matching import Match
from publishers.models import Publisher
from publishers.providers.fields import AllowList, Check, Field, Flag, Reading
from registry.models import Project
from tokens import disclosure
from tokens.disclosure import Comparison


@dataclass(frozen=True)
class Fix:
    """A link to a form, and in words what it is filled in with."""

    words: str
    url: str


@dataclass(frozen=True)
class Change:
    """One field, as it would have to be. ``value`` None: it is for a person to say."""

    words: str
    field: Field | None
    value: Any


def offered(publisher: Publisher, comparison: Comparison, reading: Reading) -> list[Fix]:
    """What would have the token trusted by this publisher as it is now, or by another one beside it; [] if it is.

    ``comparison`` was made at the exchange. Where it tells not all, neither does what is made now: else whoever changes
    the publisher again and again could guess what the token said.
    """
    match = matching.hold(publisher, reading)
    if not comparison.tells_all or not disclosure.of_match(match).tells_all:
        return [Fix("Open the publisher", of_publisher(publisher))]
    if match.ok:
        return []
    if match.is_elsewhere:
        return _renamed(match, reading)
    changes = [_change(check, publisher) for check in match.checks if not check.ok]
    return [_edit(match, changes), *_addition(publisher, changes)]


def of_publisher(publisher: Publisher, **changes: Any) -> str:
    """The form of a publisher, with some fields as they would be."""
    query = f"?{urlencode(changes)}" if changes else ""
    return f"{_publishing(publisher.project)}{publisher.pk}/{query}"


def of_new_publisher(publisher: Publisher, values: Mapping[str, Any]) -> str:
    """The form that adds a publisher at the same issuer. The names are those that PyPI's form reads."""
    query = {"provider": publisher.issuer.provider, "issuer_url": publisher.issuer.url}
    query |= {name: _typed(value) for name, value in values.items() if value}
    return f"{_publishing(publisher.project)}?{urlencode(query)}"


def _publishing(project: Project | None) -> str:
    assert project is not None
    return f"/manage/project/{project.normalized_name}/settings/publishing/"


def _renamed(match: Match, reading: Reading) -> list[Fix]:
    """Both ids agree, or none is recorded: then nobody knows that it is the same repository."""
    publisher, kind = match.publisher, match.publisher.issuer.kind
    names, now = kind.names(reading), kind.place(reading)
    fixes = [Fix(f"Accept the new name {now}", of_publisher(publisher, **names))] if match.pins else []
    values = {**publisher.values, **names}
    return [*fixes, *_add(publisher, values, f"Add a publisher for {now}")]


def _edit(match: Match, changes: list[Change]) -> Fix:
    publisher = match.publisher
    filled = {one.field.name: _typed(one.value) for one in changes if one.field is not None and one.value is not None}
    said = [one.words for one in changes]
    if publisher.why_dead() is not None:
        filled, said = {**filled, **_alive(publisher)}, ["let the publisher work again", *said]
    return Fix(_sentence(said), of_publisher(publisher, **filled))


def _alive(publisher: Publisher) -> dict[str, str]:
    """What the form of a publisher that works says."""
    switched = {} if publisher.enabled else {"enabled": "on"}
    return switched if publisher.expires_at is None else {**switched, "expires_at": ""}


def _addition(publisher: Publisher, changes: list[Change]) -> list[Fix]:
    """A second publisher that differs in what failed, if all of that is known."""
    if not changes or any(one.value is None or one.field is None for one in changes):
        return []
    values = {**publisher.values, **{one.field.name: one.value for one in changes if one.field is not None}}
    return _add(publisher, values, f"Add a publisher for {publisher.issuer.kind.describe(values)}")


def _add(publisher: Publisher, values: Mapping[str, Any], words: str) -> list[Fix]:
    """Not where a query cannot hold what the publisher wants: the new one would trust more than it."""
    if any(isinstance(value, list) and not all(isinstance(one, str) for one in value) for value in values.values()):
        return []
    return [Fix(words, of_new_publisher(publisher, values))]


def _change(check: Check, publisher: Publisher) -> Change:
    field = check.about
    if field is None or field.stores is dict:
        return Change(f"change what is wanted of {check.claim}", None, None)
    if isinstance(field, Flag):
        return Change(f"unset “{field.label}”", field, "")
    if check.actual in (None, ""):
        return Change(f"empty “{field.label}”", field, None if field.required else "")
    value = _trusting(field, check.actual)
    if value is None:
        return Change(f"change “{field.label}”", field, None)
    if isinstance(field, AllowList):
        return Change(f"add {value} to “{field.label}”", field, [*publisher.values.get(field.name, []), value])
    return Change(f"{'trust' if field.identity else 'use'} {sentences.lower(field.label)} {value}", field, value)


def _trusting(field: Field, actual: Any) -> str | None:
    """The value that trusts what the token said and nothing else; None if the form would not take it."""
    plain = isinstance(actual, str) and not set(actual) & set("*?")
    return actual if plain and field.refusal(actual) is None and len(actual) <= field.max_length else None


def _typed(value: Any) -> str:
    """As a person would type it."""
    if isinstance(value, bool):
        return "on" if value else ""
    return ", ".join(value) if isinstance(value, list) else str(value)


def _sentence(said: list[str]) -> str:
    words = ", ".join(said)
    return words[:1].upper() + words[1:]
