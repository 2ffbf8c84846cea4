"""The sentence that says what a publisher trusts, in pieces: a form can change each as its field changes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from publishers.providers.fields import Field

_FIELD = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Phrase:
    """Words, and between them what a field says."""

    before: str
    field: str = ""
    value: str | None = None  # None: the words alone say it
    after: str = ""
    is_optional: bool = False  # is left out while the field says nothing
    is_said: bool = True


def subject(template: str, fields: Sequence[Field], values: Mapping[str, Any]) -> list[Phrase]:
    """``any job of {workflow_filename} in {owner}/{repository}``, with what the fields say."""
    named = {part.name: part for part in fields}
    phrases, end = [], 0
    for found in _FIELD.finditer(template):
        part = named.get(found[1])
        if part is not None:
            phrases.append(Phrase(template[end : found.start()], part.name, part.spoken(values.get(part.name))))
            end = found.end()
    return [*phrases, Phrase(template[end:])]


def clauses(fields: Sequence[Field], values: Mapping[str, Any]) -> list[Phrase]:
    """What each field adds, if it says something."""
    return [_clause(part, values.get(part.name)) for part in fields if part.clause]


def _clause(part: Field, value: Any) -> Phrase:
    before, slot, after = part.clause.partition("{value}")
    said = part.spoken(value)
    return Phrase(f", {before}", part.name, said if slot else None, after, is_optional=True, is_said=bool(said))
