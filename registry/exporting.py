"""Rows as a file that people open elsewhere: CSV or JSON lines, streamed, in batches that each begin after the last."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import JSONField, Model, Q, QuerySet, TextField
from django.db.models.expressions import F, Func
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

BATCH = 2_000
# A cell that begins so is a formula to some spreadsheet: https://owasp.org/www-community/attacks/CSV_Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = tuple[Any, ...]


class _AsText(Func):
    """A JSON column as the database keeps it, neither read nor written again by Python."""

    template = "CAST(%(expressions)s AS TEXT)"
    output_field: Any = TextField()


def answer(rows: QuerySet[Any], columns: Sequence[str], moment: str, request: HttpRequest) -> StreamingHttpResponse:
    """The rows as the file that ``?as=`` asks for: ``csv``, or JSON lines."""
    kind = "csv" if request.GET.get("as") == "csv" else "jsonl"
    names = [str(column) for column in columns]
    json_columns = _json_columns(rows.model, names)
    batches = in_batches(rows, names, moment)
    lines = _csv(names, batches) if kind == "csv" else _json_lines(names, json_columns, batches)
    name = f"{rows.model._meta.model_name}s-{timezone.now():%Y%m%dT%H%M%SZ}.{kind}"
    media = "text/csv; charset=utf-8" if kind == "csv" else "application/jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type=media, headers=headers)


def in_batches(rows: QuerySet[Any], columns: Sequence[str], moment: str) -> Iterator[list[Row]]:
    """The columns' values, the newest first by ``moment`` and key; JSON as text.

    No transaction and no cursor is held meanwhile, however long the reader takes.
    """
    as_text = {f"{name}_text": _AsText(F(name)) for name in _json_columns(rows.model, columns)}
    wanted = [f"{name}_text" if f"{name}_text" in as_text else name for name in columns]
    ordered = rows.order_by(f"-{moment}", "-pk").annotate(**as_text).values_list(moment, "pk", *wanted)
    batch = list(ordered[:BATCH])
    while batch:
        yield [row[2:] for row in batch]
        time, key = batch[-1][:2]
        before = Q(**{moment: time}, pk__lt=key) | Q(**{f"{moment}__lt": time})
        batch = list(ordered.filter(before, **{f"{moment}__lte": time})[:BATCH]) if len(batch) == BATCH else []


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


class _Line:
    """What ``csv`` writes to: it gives each line back."""

    def write(self, line: str) -> str:
        return line


def _csv(columns: Sequence[str], batches: Iterator[list[Row]]) -> Iterator[str]:
    write: Callable[[Sequence[Any]], str] = csv.writer(_Line()).writerow
    yield write(columns)
    for batch in batches:
        yield "".join([write([_cell(value) for value in row]) for row in batch])


def _cell(value: Any) -> Any:
    return harmless(value.isoformat() if hasattr(value, "isoformat") else value)


def _json_lines(columns: Sequence[str], raw: frozenset[str], batches: Iterator[list[Row]]) -> Iterator[str]:
    encode = DjangoJSONEncoder(ensure_ascii=False).encode
    heads = [f"{'{' if number == 0 else ', '}{json.dumps(name)}: " for number, name in enumerate(columns)]
    kept = [name in raw for name in columns]
    for batch in batches:
        yield "".join(
            "".join(
                head + (value if is_raw and value is not None else encode(value))
                for head, is_raw, value in zip(heads, kept, row, strict=True)
            )
            + "}\n"
            for row in batch
        )


def _json_columns(model: type[Model], columns: Sequence[str]) -> frozenset[str]:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return frozenset(name for name in columns if isinstance(fields.get(name), JSONField))
