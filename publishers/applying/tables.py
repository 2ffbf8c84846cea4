"""The form of an apply file: which tables and keys there are, and of which type.

Every error names the table and the key, such as
``[[project]] "sampleproject" [[project.publisher]] 2: unknown key "enviroment" (did you mean "environment"?)``.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publishers.applying.keys import (
    DATE,
    TABLES,
    TEXT,
    TEXTS,
    WHOLE,
    YES_NO,
    Errors,
    Table,
    Type,
    WrongFile,
    checked,
    listed,
)
from publishers.models import Issuer
from publishers.providers import PROVIDERS
from publishers.providers.base import Provider
from publishers.providers.rules import HOWS, Rule
from registry.names import normalize
from registry.spelling import meant


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
CLAIM = {"claim": TEXT, **dict.fromkeys(HOWS, TEXT)}
TOP = {"issuer": TABLES, "user": TABLES, "project": TABLES, "pending_publisher": TABLES}

_STORED = {str: TEXT, list: TEXTS, bool: YES_NO, dict: TABLES}


def read(path: Path) -> File:
    """Read an apply file. Raises WrongFile."""
    errors = Errors()
    top = checked(f"{path.name}", _parsed(path), TOP, (), errors)
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
        raise WrongFile([f"{path} cannot be read: {wrong.strerror}"]) from wrong
    except (ValueError, RecursionError) as wrong:  # not TOML, not UTF-8, or a number of thousands of digits
        raise WrongFile([f"{path.name} is not TOML: {wrong}"]) from wrong


def _numbered(tables: list[dict[str, Any]] | None) -> Iterable[tuple[int, dict[str, Any]]]:
    return enumerate(tables or [], 1)


def _issuer(number: int, raw: dict[str, Any], errors: Errors) -> Table:
    table = checked(_where("issuer", number, raw, "url"), raw, ISSUER, ("url", "provider"), errors)
    _known_provider(table, errors)
    if table.get("reuse") is not None and table["reuse"] not in Issuer.Reuse.values:
        errors.add(table.where, f"must be one of {listed(Issuer.Reuse.values)}.", "reuse")
    return table


def _user(number: int, raw: dict[str, Any], errors: Errors) -> Table:
    return checked(_where("user", number, raw, "username"), raw, USER, ("username", "email"), errors)


def _project(number: int, raw: dict[str, Any], errors: Errors) -> ProjectTable:
    table = checked(_where("project", number, raw, "name"), raw, PROJECT, ("name", "owners"), errors)
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
        table = checked(where, known, keys, ("provider", *required), errors)
        _known_provider(table, errors)
        return table
    provider = kind(kind.default_issuer)
    own = [part.name for part in provider.fields if part.required and not part.default]
    table = checked(where, raw, {**keys, **_keys_of(provider)}, ("provider", *required, *own), errors)
    for key in [part.name for part in provider.fields if part.stores is dict]:
        for position, entry in _numbered(table.get(key)):
            _check_rule(f"{where} {key} {position}", entry, errors)
    return table


def _check_rule(where: str, raw: dict[str, Any], errors: Errors) -> None:
    wrong = len(errors.lines)
    said = checked(where, raw, CLAIM, ("claim",), errors).values
    if len(errors.lines) > wrong:
        return
    if len(said.keys() & HOWS.keys()) != 1:
        errors.add(where, f"must have exactly one of the keys {listed(HOWS)}.")
        return
    problem = Rule.of(said).problem()
    if problem is not None:
        errors.add(where, problem[1], problem[0])


def _keys_of(provider: Provider) -> dict[str, Type]:
    pins = {pin.name: TEXT for pin in provider.pins}
    return {**pins, **{part.name: _STORED[part.stores] for part in provider.fields}}


def _known_provider(table: Table, errors: Errors) -> None:
    name = table.get("provider")
    if name is not None and name not in PROVIDERS:
        errors.add(table.where, f'there is no provider "{name}"{meant(name, PROVIDERS)}.', "provider")


def _where(name: str, number: int, raw: dict[str, Any], key: str) -> str:
    called = raw.get(key)
    return f'[[{name}]] "{called}"' if isinstance(called, str) and called else f"[[{name}]] {number}"


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
