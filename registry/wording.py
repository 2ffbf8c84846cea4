"""How the history is told in words: a catalogue of tags, to which each floor adds its own when it is ready."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from registry.differences import differences, spoken
from registry.models import Event

RELEASES = "Releases and files"
PEOPLE = "People"
SETTINGS = "Settings"
PUBLISHERS = "Trusted publishers"
EXCHANGES = "Exchanges"
TOKENS = "API tokens"
SIGN_IN = "Account and sign-in"
ADMINISTRATION = "Administration"

# Who did what nobody here is told more of.
SOME_JOB = "a CI job"

# Of the newest so many events by one name it is looked whether they are told.
MOST_DOUBTFUL = 1_000

Told = Callable[[Sequence[Event]], Collection[int]]


@dataclass(frozen=True)
class Line:
    """How the events of one tag are said."""

    kind: str  # what people filter by
    words: str  # with names of details in braces
    notes: tuple[str, ...] = ()  # details to name beneath
    told: Told | None = None  # of which events the actor's name and address are told, by their keys; None: of all


@dataclass(frozen=True)
class Said:
    """An event as people read it."""

    event: Event
    words: str
    changes: list[str]
    actor: str
    address: str
    is_hidden: bool  # whether its actor's name and address are not told here


_catalogue: dict[str, Line] = {}


def add(lines: Mapping[str, Line]) -> None:
    """Add the tags of a floor."""
    _catalogue.update(lines)


def line_of(tag: str) -> Line:
    """How a tag is said; one that nobody knows speaks for itself."""
    return _catalogue.get(tag) or Line(ADMINISTRATION, tag.replace("{", "{{").replace("}", "}}"))


def known() -> Mapping[str, Line]:
    """The whole catalogue."""
    return _catalogue


def kinds(*prefixes: str) -> list[str]:
    """What the events whose tags begin so can be filtered by."""
    return list(dict.fromkeys(line.kind for tag, line in _catalogue.items() if tag.startswith(prefixes)))


def tags_of(kind: str) -> list[str]:
    """The tags of one kind."""
    return [tag for tag, line in _catalogue.items() if line.kind == kind]


def said(events: Sequence[Event]) -> list[Said]:
    """Some events in words."""
    unseen = hidden(events)
    return [_said(event, line_of(event.tag), is_hidden=event.pk in unseen) for event in events]


def _said(event: Event, line: Line, *, is_hidden: bool) -> Said:
    words = line.words.format_map(_Spoken(event.details))
    actor, address = (SOME_JOB, "") if is_hidden else (event.actor_name, event.address or "")
    return Said(event, words, _changes(event.details, line.notes), actor, address, is_hidden)


def hidden(events: Iterable[Event]) -> set[int]:
    """Of which events the actor's name and address are not told, by their keys."""
    asked: dict[Told, list[Event]] = defaultdict(list)
    for event in events:
        told = line_of(event.tag).told
        if told is not None:
            asked[told].append(event)
    unseen: set[int] = set()
    for told, some in asked.items():
        unseen |= {event.pk for event in some} - set(told(some))
    return unseen


def named(events: QuerySet[Event], who: str) -> QuerySet[Event]:
    """Those whose actor has just this name, as far as it is told: a filter must not confirm what is not shown."""
    by_name = events.filter(actor_name=who)
    guarded = [tag for tag, line in _catalogue.items() if line.told is not None]
    if not settings.SIGNUP_OPEN:  # then all is told, to whomever
        return by_name
    doubtful = list(by_name.filter(tag__in=guarded).order_by("-time", "-pk")[:MOST_DOUBTFUL])
    told = {event.pk for event in doubtful} - hidden(doubtful)
    return by_name.filter(~Q(tag__in=guarded) | Q(pk__in=told))


def _changes(details: Mapping[str, Any], notes: Iterable[str]) -> list[str]:
    """What was before and is after, then what else is worth a word."""
    before, after = details.get("before"), details.get("after")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        changed = differences(_flat(before), _flat(after))
    elif "before" in details and "after" in details:
        changed = [f"{spoken(before)} → {spoken(after)}"]
    else:
        changed = []
    flat = _flat(details)
    return changed + [f"{note.replace('_', ' ')}: {spoken(flat[note])}" for note in notes if flat.get(note)]


def _flat(words: Mapping[str, Any]) -> dict[str, Any]:
    """Members of members beside the members, as publishers keep their fields and pins."""
    flat: dict[str, Any] = {}
    for name, value in words.items():
        flat.update(value if isinstance(value, Mapping) else {name: value})
    return flat


class _Spoken(dict[str, Any]):
    """Details as a sentence names them; one that is missing is left out of it."""

    def __getitem__(self, name: str) -> str:
        return spoken(self.get(name)) if self.get(name) is not None else "?"
