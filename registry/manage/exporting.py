"""A list of events as a file: streamed, so that it may be long."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from registry import wording
from registry.exporting import csv_line, in_turn
from registry.index.documents import timestamp
from registry.models import Event
from registry.wording import Said

BATCH = 500
COLUMNS = ("time", "tag", "words", "actor", "address", "project", "user", "details")


def as_csv(events: QuerySet[Event], stem: str) -> StreamingHttpResponse:
    """A table."""
    return _file(_table(events), "text/csv; charset=utf-8", f"{stem}.csv")


def as_json(events: QuerySet[Event], stem: str) -> StreamingHttpResponse:
    """A list of objects with all their details."""
    return _file(_list(events), "application/json", f"{stem}.json")


FORMATS: dict[str, Callable[[QuerySet[Event], str], StreamingHttpResponse]] = {"csv": as_csv, "json": as_json}


def _file(content: Iterator[str], content_type: str, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(content, content_type=content_type, headers=headers)


def _table(events: QuerySet[Event]) -> Iterator[str]:
    yield csv_line(COLUMNS)
    for row in _rows(events):
        cells = {**row, "details": json.dumps(row["details"], ensure_ascii=False, sort_keys=True)}
        yield csv_line([cells[column] for column in COLUMNS])


def _list(events: QuerySet[Event]) -> Iterator[str]:
    before = "[\n"
    for row in _rows(events):
        yield before + json.dumps(row, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n" if before != "[\n" else "[]\n"


def _rows(events: QuerySet[Event]) -> Iterator[dict[str, Any]]:
    for batch in in_turn(events, "time", BATCH, lambda event: (event.time, event.pk)):
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
