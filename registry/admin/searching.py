"""What somebody typed into a search, told by its form: each form asks an index of its own, and none scans a table."""

import ipaddress
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import or_

from django.db.models import Model, Q

ID, NUMBER, ADDRESS, HASH, COMMIT, PLACE, WORD = "id", "number", "address", "hash", "commit", "place", "word"
MAX_LENGTH = 400

# Each gives the rows that a text may mean, or several alternatives.
Finders = Mapping[str, Callable[[str], Q | Sequence[Q]]]

# A commit is often named by its first seven digits or more; SHA-1 has 40, SHA-256 64.
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[0-9]{1,18}")


def kinds_of(text: str) -> set[str]:
    """What a text may be. Anything may be a word, such as a name."""
    kinds = {WORD}
    if _is(uuid.UUID, text):
        kinds.add(ID)
    if _is(ipaddress.ip_address, text):
        kinds.add(ADDRESS)
    if _NUMBER.fullmatch(text):
        kinds.add(NUMBER)
    if _COMMIT.fullmatch(text.lower()):
        kinds.add(COMMIT)
    if _HASH.fullmatch(text.lower()):
        kinds.add(HASH)
    if any(sign in text for sign in "/@:"):
        kinds.add(PLACE)
    return kinds


def found(text: str, finders: Finders, model: type[Model]) -> Q | None:
    """The rows that the text may mean; None if there are none."""
    text = text.strip()
    if not text or len(text) > MAX_LENGTH or not text.isprintable():
        return None
    kinds = kinds_of(text)
    asked = [find(text) for kind, find in finders.items() if kind in kinds]
    return either(model, [which for each in asked for which in ([each] if isinstance(each, Q) else each)])


def either(model: type[Model], alternatives: Sequence[Q]) -> Q | None:
    """Those of the alternatives that find something; None if none does.

    Mostly one is left, and its index has the newest rows first: of two, all rows would have to be read and sorted.
    """
    if len(alternatives) > 1:
        alternatives = [which for which in alternatives if model._default_manager.filter(which).exists()]
    return reduce(or_, alternatives) if alternatives else None


def commit(text: str, column: str = "commit") -> Q:
    """A commit by its first digits: a range that an index answers in any collation, since no digit comes after f."""
    prefix = text.lower()
    return Q(**{f"{column}__gte": prefix, f"{column}__lt": f"{prefix}g"})


def _is(kind: Callable[[str], object], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True
