"""The form of an apply file: which tables and keys there are, and of which type.

Every error names the table and the key, such as
``[[project]] "sampleproject" [[project.publisher]] 2: unknown key "enviroment" (did you mean "environment"?)``.
"""

import datetime
import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from publishers.letters import has_control
from publishers.models import Issuer
from publishers.providers import PROVIDERS
from publishers.providers.base import Provider
from registry.names import normalize


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
class ProjectTable(Table):
    """A project with the publishers below it."""

    publishers: list[Table]


@dataclass(frozen=True)
class File:
    """A whole apply file."""

    folder: Path  # what relative file names in it start from
    issuers: list[Table]
    users: list[Table]
    projects: list[ProjectTable]
    pending: list[Table]


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


TEXT = Type("a text without control characters", _is_text)
YES_NO = Type("true or false", lambda value: isinstance(value, bool))
WHOLE = Type("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool))
TEXTS = Type("a list of texts without control characters", _all(_is_text))
DATE = Type("a date, such as 2027-01-01", _is_date)
TABLES = Type("a list of tables", _all(lambda value: isinstance(value, dict)))

ISSUER = {
    "url": TEXT,
    "provider": TEXT,
    "name": TEXT,
    "enabled": YES_NO,
    "audience": TEXT,
    "algorithms": TEXTS,
    "max_token_age": WHOLE,
    "reuse": TEXT,
    "api_url": TEXT,
    "api_token_env": TEXT,
    "ca_file": TEXT,
    "jwks_file": TEXT,
    "allow_http_loopback": YES_NO,
    "identity_claims": TEXTS,
    "pinned_claims": TEXTS,
}
USER = {"username": TEXT, "email": TEXT, "password_env": TEXT, "staff": YES_NO, "superuser": YES_NO}
PROJECT = {"name": TEXT, "owners": TEXTS, "maintainers": TEXTS, "trusted_publishing_only": YES_NO, "publisher": TABLES}
PUBLISHER = {"provider": TEXT, "issuer": TEXT, "label": TEXT, "enabled": YES_NO, "expires": DATE}
PENDING = {"project_name": TEXT, "user": TEXT, **PUBLISHER}
TOP = {"issuer": TABLES, "user": TABLES, "project": TABLES, "pending_publisher": TABLES}

_STORED = {str: TEXT, list: TEXTS, bool: YES_NO}


def read(path: Path) -> File:
    """Read an apply file. Raises WrongFile."""
    errors = Errors()
    top = _checked(f"{path.name}", _parsed(path), TOP, (), errors)
    errors.stop_if_any()
    file = File(
        folder=path.parent,
        issuers=[_issuer(number, raw, errors) for number, raw in _numbered(top.get("issuer"))],
        users=[_user(number, raw, errors) for number, raw in _numbered(top.get("user"))],
        projects=[_project(number, raw, errors) for number, raw in _numbered(top.get("project"))],
        pending=[_pending(number, raw, errors) for number, raw in _numbered(top.get("pending_publisher"))],
    )
    _refuse_repeated(file, errors)
    errors.stop_if_any()
    return file


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except OSError as wrong:
        raise WrongFile([f"{path.name} cannot be read: {wrong.strerror}"]) from wrong
    except (ValueError, RecursionError) as wrong:  # not TOML, not UTF-8, or a number of thousands of digits
        raise WrongFile([f"{path.name} is not TOML: {wrong}"]) from wrong


def _numbered(tables: list[dict[str, Any]] | None) -> Iterable[tuple[int, dict[str, Any]]]:
    return enumerate(tables or [], 1)


def _issuer(number: int, raw: dict[str, Any], errors: Errors) -> Table:
    table = _checked(_where("issuer", number, raw, "url"), raw, ISSUER, ("url", "provider"), errors)
    _known_provider(table, errors)
    if table.get("reuse") is not None and table["reuse"] not in Issuer.Reuse.values:
        errors.add(table.where, f"must be one of {_listed(Issuer.Reuse.values)}.", "reuse")
    return table


def _user(number: int, raw: dict[str, Any], errors: Errors) -> Table:
    return _checked(_where("user", number, raw, "username"), raw, USER, ("username", "email"), errors)


def _project(number: int, raw: dict[str, Any], errors: Errors) -> ProjectTable:
    table = _checked(_where("project", number, raw, "name"), raw, PROJECT, ("name", "owners"), errors)
    if table.get("owners") == []:
        errors.add(table.where, "must name at least one user.", "owners")
    for both in sorted({*table.get("owners", [])} & {*table.get("maintainers", [])}):
        errors.add(table.where, f'"{both}" is an owner and a maintainer; name each user once.', "maintainers")
    publishers = [
        _workload(f"{table.where} [[project.publisher]] {position}", below, PUBLISHER, (), errors)
        for position, below in _numbered(table.get("publisher"))
    ]
    return ProjectTable(table.where, table.values, publishers)


def _pending(number: int, raw: dict[str, Any], errors: Errors) -> Table:
    where = _where("pending_publisher", number, raw, "project_name")
    return _workload(where, raw, PENDING, ("project_name", "user"), errors)


def _workload(
    where: str, raw: dict[str, Any], keys: Mapping[str, Type], required: tuple[str, ...], errors: Errors
) -> Table:
    """A publisher: the provider's own fields and pins are keys too."""
    name = raw.get("provider")
    kind = PROVIDERS.get(name) if isinstance(name, str) else None
    if kind is None:
        known = {key: value for key, value in raw.items() if key in keys}
        table = _checked(where, known, keys, ("provider", *required), errors)
        _known_provider(table, errors)
        return table
    provider = kind(kind.default_issuer)
    own = [part.name for part in provider.fields if part.required and not part.default]
    return _checked(where, raw, {**keys, **_keys_of(provider)}, ("provider", *required, *own), errors)


def _keys_of(provider: Provider) -> dict[str, Type]:
    pins = {pin.name: TEXT for pin in provider.pins}
    return {**pins, **{part.name: _STORED[part.stores] for part in provider.fields}}


def _known_provider(table: Table, errors: Errors) -> None:
    name = table.get("provider")
    if name is not None and name not in PROVIDERS:
        errors.add(table.where, f'there is no provider "{name}"{_meant(name, PROVIDERS)}.', "provider")


def _checked(
    where: str, raw: Mapping[str, Any], keys: Mapping[str, Type], required: tuple[str, ...], errors: Errors
) -> Table:
    """The table without what is wrong in it, which is collected."""
    values = {}
    for key, value in raw.items():
        if key not in keys:
            errors.add(where, f'unknown key "{key}"{_meant(key, keys)}')
        elif not keys[key].accepts(value):
            errors.add(where, f"must be {keys[key].words}.", key)
        else:
            values[key] = value
    for key in required:
        if key not in raw:
            errors.add(where, f'the key "{key}" is missing')
    return Table(where, values)


def _where(name: str, number: int, raw: dict[str, Any], key: str) -> str:
    called = raw.get(key)
    return f'[[{name}]] "{called}"' if isinstance(called, str) and called else f"[[{name}]] {number}"


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _refuse_repeated(file: File, errors: Errors) -> None:
    _once(file.issuers, lambda table: table.get("url"), "this URL", "url", errors)
    _once(file.users, lambda table: table.get("username"), "this username", "username", errors)
    _once(file.projects, lambda table: normalize(table.get("name", "")), "this name", "name", errors)
    for project in file.projects:
        _once(project.publishers, lambda table: table.get("label"), "this label", "label", errors)


def _once(
    tables: Iterable[Table], identity: Callable[[Table], str | None], what: str, key: str, errors: Errors
) -> None:
    seen: set[str] = set()
    for table in tables:
        said = identity(table)
        if said and said in seen:
            errors.add(table.where, f"an earlier table has {what} already.", key)
        seen.add(said or "")
