"""What an administrator looks at: each list, each filter, each search, with other values every time."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Any, LiteralString
from urllib.parse import urlencode

import psycopg

TIMES = 20
PAGE, FRONT = 300, 500  # milliseconds: what p95 is to be
EXCHANGES, UPLOAD_TOKENS, API_TOKENS, PROVENANCE = (
    f"/admin/tokens/{model}/" for model in ("exchange", "uploadtoken", "apitoken", "provenance")
)
EVENTS, FIND = "/admin/registry/event/", "/admin/tokens/apitoken/find/"
DAYS = 100
CODES = ("invalid-publisher", "invalid-pending-publisher", "invalid-reuse-token", "invalid-token", "not-enabled")

Path = str | tuple[str, dict[str, str]]
Look = tuple[str, int, list[Path]]


def looks(connection: psycopg.Connection) -> Iterator[Look]:
    """What is looked at, the milliseconds that it may take, and the addresses."""
    yield "admin's front page", FRONT, ["/admin/"] * TIMES
    rows = _Rows(connection)
    for label, base, column in (
        ("exchanges", EXCHANGES, "created_at"),
        ("upload tokens", UPLOAD_TOKENS, "created_at"),
        ("provenance", PROVENANCE, "uploaded_at"),
        ("events", EVENTS, "time"),
    ):
        yield f"{label}: the list", PAGE, [base] * TIMES
        yield f"{label}: pages 50 to 100", PAGE, [f"{base}?p={number}" for number in range(50, 100, 50 // TIMES)]
        yield f"{label} of a day", PAGE, [_of_day(base, column, day * DAYS // TIMES) for day in range(TIMES)]
    yield from _filters(rows)
    yield from _searches(rows)


def _filters(rows: "_Rows") -> Iterator[Look]:
    providers, outcomes = ("github", "gitlab", "google"), ("granted", "refused")
    issuers = [str(key) for (key,) in rows.all("SELECT id FROM publishers_issuer")]
    kinds: list[tuple[str, list[dict[str, str]]]] = [
        ("provider", [{"provider": name} for name in providers]),
        ("outcome", [{"outcome": name} for name in outcomes]),
        ("code", [{"code": name} for name in CODES]),
        ("issuer", [{"issuer__id__exact": key} for key in issuers]),
        ("provider and outcome", [{"provider": one, "outcome": two} for one in providers for two in outcomes]),
        ("provider and code", [{"provider": one, "code": two} for one in providers for two in CODES]),
        ("issuer and outcome", [{"issuer__id__exact": one, "outcome": two} for one in issuers for two in outcomes]),
        ("issuer and code", [{"issuer__id__exact": one, "code": two} for one in issuers for two in CODES]),
    ]
    for label, queries in kinds:
        yield f"exchanges by {label}", PAGE, _repeated(_listed(EXCHANGES, **query) for query in queries)
        days = range(0, DAYS, DAYS // TIMES)
        asked = zip(_repeated(queries), days, strict=False)
        yield f"exchanges by {label}, of a day", PAGE, [_of_day(EXCHANGES, "created_at", day, **q) for q, day in asked]
    for state in ("live", "revoked", "burnt", "spent", "expired"):
        yield f"upload tokens, {state}", PAGE, [_listed(UPLOAD_TOKENS, state=state)] * TIMES
    yield "upload tokens by issuer", PAGE, _repeated(_listed(UPLOAD_TOKENS, issuer__id__exact=key) for key in issuers)
    for state in ("live", "revoked", "expired", "without its user"):
        yield f"API tokens, {state}", PAGE, [_listed(API_TOKENS, state=state)] * TIMES


def _searches(rows: "_Rows") -> Iterator[Look]:
    exchanges = rows.some("tokens_exchange", "id::text, commit, run, host(address), identity")
    places = [f"{owner}/{name}" for *_, identity in exchanges for owner, name in [identity[2:-2].split('","')]]
    projects = [name for (name,) in rows.some("registry_event", "project_name")]
    files = rows.some("tokens_provenance", "filename, sha256, upload_token_id::text")
    tokens = [(text,) for *_, text in files]
    busy = [f"sample-{number}" for number in range(1, TIMES + 1)]
    texts: dict[str, Sequence[str]] = {
        "id": [row[0] for row in exchanges],
        "commit": [row[1] for row in exchanges],
        "first 7 digits of a commit": [row[1][:7] for row in exchanges],
        "run": [row[2] for row in exchanges],
        "address": [row[3] for row in exchanges],
        "repository": places,
        "busy repository": [f"owner-{number}/repository-{number}" for number in range(1, TIMES + 1)],
        "project": projects,
        "busy project": busy,
        "name that is not there": [f"nothing-{number}" for number in range(TIMES)],
    }
    found: dict[str, tuple[str, dict[str, Sequence[str]]]] = {
        "exchanges": (EXCHANGES, texts),
        "upload tokens": (UPLOAD_TOKENS, {**texts, "number": [text for (text,) in tokens]}),
        "provenance": (
            PROVENANCE,
            {**texts, "file name": [row[0] for row in files], "SHA-256": [row[1] for row in files]},
        ),
        "events": (
            EVENTS,
            {
                **{name: texts[name] for name in ("address", "project", "busy project", "name that is not there")},
                "tag": ["project:oidc:exchange-refused", "project:oidc:exchange-granted"] * (TIMES // 2),
                "user": ["alice", "auditor"] * (TIMES // 2),
            },
        ),
        "API tokens": (API_TOKENS, {"user": [f"user-{number * 7}" for number in range(TIMES)]}),
    }
    for label, (base, asked) in found.items():
        for by, sought in asked.items():
            yield f"{label} searched by {by}", PAGE, [_listed(base, q=text) for text in sought]
    yield "an exchange's own page", PAGE, [f"{EXCHANGES}{row[0]}/change/" for row in exchanges]
    yield "an upload token's own page", PAGE, [f"{UPLOAD_TOKENS}{text}/change/" for (text,) in tokens]
    for by in ("id", "commit", "run", "address", "repository", "busy repository"):
        yield f"the page that finds, by {by}", PAGE, [(FIND, {"text": text}) for text in texts[by]]


class _Rows:
    """Values that are in the database."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def all(self, query: LiteralString) -> list[Any]:
        return self.connection.execute(query).fetchall()

    def some(self, table: str, columns: str) -> list[Any]:
        """Of rows here and there."""
        total = self.connection.execute(f"SELECT reltuples FROM pg_class WHERE relname = '{table}'").fetchone()
        percent = min(100.0, 100 * 1000 * TIMES / max(total[0] if total else 1, 1))
        sampled = f"SELECT {columns} FROM {table} TABLESAMPLE SYSTEM ({percent}) ORDER BY random() LIMIT {TIMES}"
        return self.connection.execute(sampled).fetchall()


def _of_day(base: str, column: str, ago: int, **query: str) -> str:
    day = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=ago)
    until = day + datetime.timedelta(days=1)
    within = {f"{column}__gte": f"{day} 00:00:00+00:00", f"{column}__lt": f"{until} 00:00:00+00:00"}
    return _listed(base, **within, **query)


def _listed(base: str, **query: str) -> str:
    return f"{base}?{urlencode(query)}"


def _repeated(values: Any) -> list[Any]:
    chosen = list(values)
    return chosen * max(1, TIMES // len(chosen))
