"""Rows as a file that people open elsewhere: CSV or JSON lines, streamed, in batches that each begin after the last.

No model instance is made and no value is looked at twice: PostgreSQL writes times, ids and JSON as text, and a column
is treated as a whole.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from json.encoder import encode_basestring
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import (
    BooleanField,
    DateTimeField,
    Field,
    FloatField,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    Q,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.expressions import F, Func
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from registry.index.documents import timestamp
from registry.postgresql import planning

BATCH = 2_000
# A cell that begins so is a formula to some spreadsheet: https://owasp.org/www-community/attacks/CSV_Injection.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

# Whatever is none of these is a text, in which anything may stand.
_PLAIN = (BooleanField, DateTimeField, FloatField, IntegerField, UUIDField)
_SAID = (DateTimeField, JSONField, UUIDField)

Row = tuple[Any, ...]
# As ``timestamp`` writes it.
_MOMENT = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_TEXT = "CAST(%(expressions)s AS TEXT)"

_encode = DjangoJSONEncoder(ensure_ascii=False).encode


class _Said(Func):
    """A column as text, if the database can write it as Python would; JSON as the database keeps it."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(F(name), output_field=TextField() if isinstance(field, JSONField) else field)
        self.kind = type(field)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """SQLite keeps times and ids in its own way."""
        template = _TEXT if issubclass(self.kind, JSONField) else "%(expressions)s"
        return super().as_sql(compiler, connection, **{**extra, "template": template})

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """As ``_moment`` and ``str`` write them."""
        template = _MOMENT if issubclass(self.kind, DateTimeField) else _TEXT
        return super().as_sql(compiler, connection, **{**extra, "template": template})


def answer(rows: QuerySet[Any], columns: Sequence[str], moment: str, request: HttpRequest) -> StreamingHttpResponse:
    """The rows as the file that ``?as=`` asks for: ``csv``, or JSON lines."""
    kind = "csv" if request.GET.get("as") == "csv" else "jsonl"
    names = [str(column) for column in columns]
    lines = (_csv if kind == "csv" else _json_lines)(rows.model, names, in_batches(rows, names, moment))
    name = f"{rows.model._meta.model_name}s-{timezone.now():%Y%m%dT%H%M%SZ}.{kind}"
    media = "text/csv; charset=utf-8" if kind == "csv" else "application/jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type=media, headers=headers)


def in_batches(rows: QuerySet[Any], columns: Sequence[str], moment: str) -> Iterator[list[Row]]:
    """The columns' values, the oldest first by ``moment`` and key; JSON as text, and times and ids as text or not.

    So far as they are there now. The oldest first, since a disk reads ahead and not back: that is twice as fast.
    """
    fields = _fields(rows.model)
    asked = [moment, rows.model._meta.pk.attname, *columns]
    as_text = {f"{name}_text": _Said(name, fields[name]) for name in asked if isinstance(fields[name], _SAID)}
    wanted = [f"{name}_text" if f"{name}_text" in as_text else name for name in asked]
    told = rows.filter(**{f"{moment}__lte": timezone.now()}).annotate(**as_text).values_list(*wanted)
    for batch in in_turn(told, moment, BATCH, lambda row: (row[0], row[1]), newest_first=False):
        yield [row[2:] for row in batch]


def in_turn(
    rows: QuerySet[Any],
    moment: str,
    size: int,
    place: Callable[[Any], tuple[datetime.datetime | str, Any]],
    *,
    newest_first: bool = True,
) -> Iterator[list[Any]]:
    """Rows by ``moment`` and key, both of which ``place`` says of a row. Each batch is a query of its own.

    No transaction and no cursor is held meanwhile, however long the reader takes.
    """
    sign, beyond = ("-", "lt") if newest_first else ("", "gt")
    ordered = rows.order_by(f"{sign}{moment}", f"{sign}pk")
    batch = _read(ordered[:size])
    while batch:
        yield batch
        if len(batch) < size:
            return
        time, key = place(batch[-1])
        time = datetime.datetime.fromisoformat(time) if isinstance(time, str) else time
        further = Q(**{moment: time, f"pk__{beyond}": key}) | Q(**{f"{moment}__{beyond}": time})
        batch = _read(ordered.filter(further, **{f"{moment}__{beyond}e": time})[:size])


def _read(rows: QuerySet[Any]) -> list[Any]:
    with planning.for_their_values():
        return list(rows)


def harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def csv_line(cells: Iterable[str]) -> str:
    """A line of RFC 4180 of texts, none of which a spreadsheet takes for a formula."""
    return ",".join(map(_quoted, cells)) + "\r\n"


def _csv(model: type[Model], columns: Sequence[str], batches: Iterator[list[Row]]) -> Iterator[str]:
    yield csv_line(columns)
    cells = [_cell if isinstance(_fields(model)[name], _PLAIN) else _quoted for name in columns]
    for batch in batches:
        yield from _lines(batch, cells, ",".join, "\r\n")


def _json_lines(model: type[Model], columns: Sequence[str], batches: Iterator[list[Row]]) -> Iterator[str]:
    cells = [_member(name, _fields(model)[name]) for name in columns]
    for batch in batches:
        yield from _lines(batch, cells, lambda members: f"{{{', '.join(members)}}}", "\n")


def _lines(
    batch: list[Row], cells: Sequence[Callable[[Any], str]], line: Callable[[Iterable[str]], str], end: str
) -> Iterator[str]:
    """A batch as one text."""
    written = [list(map(cell, column)) for cell, column in zip(cells, zip(*batch, strict=True), strict=True)]
    yield end.join([*map(line, zip(*written, strict=True)), ""])


def _quoted(text: str | None) -> str:
    return '"' + harmless(text).replace('"', '""') + '"' if text else ""


def _cell(value: Any) -> str:
    """Of a column that is no text: nothing in it needs quoting."""
    return "" if value is None else _plain(value)


def _member(name: str, field: "Field[Any, Any]") -> Callable[[Any], str]:
    head = f"{_encode(name)}: "
    if isinstance(field, JSONField):
        return lambda value: head + ("null" if value is None else str(value))
    if isinstance(field, _PLAIN):
        said = isinstance(field, _SAID)
        return lambda value: head + _encode(_plain(value) if said and value is not None else value)
    return lambda value: head + ("null" if value is None else encode_basestring(value))


def _plain(value: Any) -> str:
    return timestamp(value) if isinstance(value, datetime.datetime) else str(value)


def _fields(model: type[Model]) -> "dict[str, Field[Any, Any]]":
    """Each column's kind; of one that refers to a row, the kind of what it holds."""
    return {
        field.attname: field.target_field if isinstance(field, ForeignKey) else field
        for field in model._meta.concrete_fields
    }
