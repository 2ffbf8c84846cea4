"""Exports: whole, in order, in batches, and harmless to spreadsheets."""

import csv
import datetime
import io
import json

import pytest
from django.test import RequestFactory
from django.utils import timezone

from registry import exporting
from registry.actors import Actor
from registry.models import Event

COLUMNS = ["id", "time", "tag", "actor_name", "address", "details"]


def exported(kind: str) -> str:
    answer = exporting.answer(Event.objects.all(), COLUMNS, "time", RequestFactory().get("/", {"as": kind}))
    return b"".join(answer).decode()


def make(count: int) -> None:
    moment = timezone.now() - datetime.timedelta(days=1)
    # Pairs share their time, as the events of one upload may.
    Event.objects.bulk_create(
        Event(
            tag=f"t{number}", time=moment + datetime.timedelta(seconds=number // 2), details={"n": number, "é": ["ü"]}
        )
        for number in range(count)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 9])
def test_every_row_comes_once_the_oldest_first(monkeypatch, count):
    monkeypatch.setattr(exporting, "BATCH", 2)
    make(count)
    lines = [json.loads(line) for line in exported("jsonl").splitlines()]
    assert [line["tag"] for line in lines] == [f"t{number}" for number in range(count)]
    rows = list(csv.DictReader(io.StringIO(exported("csv"))))
    assert [row["tag"] for row in rows] == [line["tag"] for line in lines]
    assert [json.loads(row["details"]) for row in rows] == [line["details"] for line in lines]


@pytest.mark.django_db
def test_a_batch_is_one_query(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(exporting, "BATCH", 2)
    make(5)
    with django_assert_num_queries(3):
        exported("jsonl")


@pytest.mark.django_db
def test_no_cell_is_a_formula_in_csv_and_json_is_left_as_it_is():
    Event.objects.record("=1+1", Actor('@SUM(A1)"\n,'))
    row = next(csv.DictReader(io.StringIO(exported("csv"))))
    assert (row["tag"], row["actor_name"]) == ("'=1+1", "'@SUM(A1)\"\n,")
    assert json.loads(exported("jsonl"))["tag"] == "=1+1"


@pytest.mark.django_db
def test_times_and_ids_are_written_alike_whatever_the_database_is():
    moment = datetime.datetime(2026, 3, 2, 23, 30, 0, 1000, datetime.timezone(datetime.timedelta(hours=1)))
    event = Event.objects.create(tag='a "tag",\nsaid', time=moment, details={"n": -1})
    row = next(csv.DictReader(io.StringIO(exported("csv"), newline="")))
    said = {"id": str(event.pk), "time": "2026-03-02T22:30:00.001000Z", "tag": 'a "tag",\nsaid', "actor_name": ""}
    assert row == {**said, "address": "", "details": '{"n": -1}'}
    assert json.loads(exported("jsonl")) == {**said, "id": event.pk, "address": None, "details": {"n": -1}}


@pytest.mark.parametrize("cell", [f"{sign}1+1" for sign in "=+-@\t\r\n＝＋－＠"])
def test_what_begins_a_formula_is_quoted(cell):
    assert exporting.harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["x=1", "", "a-b", "1\t2"])
def test_what_does_not_is_not(cell):
    assert exporting.harmless(cell) == cell
