"""A list of events as a file: streamed, so that it may be long."""

import csv
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse

from registry import wording
from registry.index.documents import timestamp
from registry.models import Event
from registry.wording import Said

BATCH = 500
COLUMNS = ("time", "tag", "words", "actor", "address", "project", "user", "details")
# Spreadsheets take a cell that begins so for a formula.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def as_csv(events: QuerySet[Event], stem: str) -> StreamingHttpResponse:
    """A table."""
    return _file(_table(events), "text/csv; charset=utf-8", f"{stem}.csv")


def as_json(events: QuerySet[Event], stem: str) -> StreamingHttpResponse:
    """A list of objects with all their details."""
    return _file(_list(events), "application/json", f"{stem}.json")


FORMATS: dict[str, Callable[[QuerySet[Event], str], StreamingHttpResponse]] = {"csv": as_csv, "json": as_json}


def harmless(cell: str) -> str:
    """A text that no spreadsheet computes."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _file(content: Iterator[str], content_type: str, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=content_type, headers=headers)


class _Echo:
    """What csv writes, given back."""

    def write(self, text: str) -> str:
        return text


def _table(events: QuerySet[Event]) -> Iterator[str]:
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield writer.writerow(COLUMNS)
    for row in _rows(events):
        cells = {**row, "details": json.dumps(row["details"], ensure_ascii=False, sort_keys=True)}
        yield writer.writerow([harmless(cells[column]) for column in COLUMNS])


def _list(events: QuerySet[Event]) -> Iterator[str]:
    before = "[\n"
    for row in _rows(events):
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before != "[\n" else "[]\n"


def _rows(events: QuerySet[Event]) -> Iterator[dict[str, Any]]:
    for batch in _batches(events):
        yield from (_row(said) for said in wording.said(batch))


def _row(said: Said) -> dict[str, Any]:
    event = said.event
    return {
        "time": timestamp(event.time),
        "tag": event.tag,
        "words": said.words,
        "actor": said.actor,
        "address": said.address,
        "project": event.project_name,
        "user": event.username,
        "details": event.details,
    }


def _batches(events: QuerySet[Event]) -> Iterator[list[Event]]:
    """From the newest on, each batch a query of its own: no cursor stays open while somebody reads slowly."""
    batch = list(events[:BATCH])
    while batch:
        yield batch
        last = batch[-1]
        older = Q(time__lt=last.time) | Q(time=last.time, pk__lt=last.pk)
        batch = list(events.filter(older)[:BATCH])
