"""What the keys of a table in an apply file may hold, and how people are told that one does not."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from publishers.letters import has_control
from registry.spelling import meant


class WrongFile(Exception):
    """What is wrong with the file, one readable line per error."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(self.errors))


@dataclass
class Errors:
    """Collects what is wrong, so that one run shows all of it."""

    lines: list[str] = field(default_factory=list)

    def add(self, where: str, sentence: str, key: str = "") -> None:
        """One line; ``where`` is the table as people find it in the file."""
        line = f'{where}: key "{key}": {sentence}' if key else f"{where}: {sentence}"
        self.lines.append("".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line))

    def stop_if_any(self) -> None:
        """Raise WrongFile with everything that was collected."""
        if self.lines:
            raise WrongFile(self.lines)


@dataclass(frozen=True)
class Table:
    """One table of the file, with keys of the right types; ``where`` says which for people."""

    where: str
    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key that may be absent."""
        return self.values.get(key, default)

    def only(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of those of ``keys`` that are present."""
        return {key: self.values[key] for key in keys if key in self.values}


@dataclass(frozen=True)
class Type:
    """What the value of a key must be, in words and as a test."""

    words: str
    accepts: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not has_control(value)


def _is_date(value: Any) -> bool:
    """Also far enough from the ends of the calendar for every offset from UTC."""
    return isinstance(value, datetime.date) and 1 < value.year < datetime.MAXYEAR


def _all(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(is_right(member) for member in value)


TEXT = Type("a text (in quotes) without control characters", _is_text)
YES_NO = Type("true or false", lambda value: isinstance(value, bool))
WHOLE = Type("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool))
TEXTS = Type("a list of texts without control characters", _all(_is_text))
DATE = Type("a date, such as 2027-01-01", _is_date)
TABLES = Type("a list of tables", _all(lambda value: isinstance(value, dict)))


def checked(
    where: str, raw: Mapping[str, Any], keys: Mapping[str, Type], required: tuple[str, ...], errors: Errors
) -> Table:
    """The table without what is wrong in it, which is collected."""
    values = {}
    for key, value in raw.items():
        if key not in keys:
            errors.add(where, f'unknown key "{key}"{meant(key, keys)}')
        elif not keys[key].accepts(value):
            errors.add(where, f"must be {keys[key].words}.", key)
        else:
            values[key] = value
    for key in required:
        if key not in raw:
            errors.add(where, f'the key "{key}" is missing')
    return Table(where, values)


def listed(words: Iterable[str]) -> str:
    """Words in quotes."""
    return ", ".join(f'"{word}"' for word in words)
