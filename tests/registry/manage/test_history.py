"""The history of a project and of an account: in words, filtered, and as a file."""

import csv
import datetime
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.actors import Actor
from registry.manage import exporting
from registry.models import Event, Project, User
from tests.registry.manage.test_projects import rows

pytestmark = pytest.mark.django_db

PAGE = "/manage/project/sample-project/history/"
MINE = "/manage/account/history/"
HEADERS = list(exporting.COLUMNS)


@pytest.fixture
def project(project: Project, alice: User, bob: User) -> Project:
    """With a history of four days: one event a day."""
    Event.objects.all().delete()
    history: list[tuple[str, User, dict[str, Any]]] = [
        ("project:role:add", alice, {"username": "bob", "before": None, "after": "maintainer"}),
        ("project:release:yank", alice, {"version": "1.0", "reason": "=cmd()"}),
        ("file:add", bob, {"filename": "sample_project-1.0.tar.gz", "size": 10}),
        ("project:archive:enter", alice, {"before": "active", "after": "archived"}),
    ]
    for day, (tag, user, details) in enumerate(history, start=1):
        event = Event.objects.record(tag, Actor(user.username, user, f"192.0.2.{day}"), project=project, **details)
        at(event, datetime.datetime(2026, 3, day, 23, 30, tzinfo=datetime.UTC))
    return project


def at(event: Event, time: datetime.datetime) -> None:
    Event.objects.filter(pk=event.pk).update(time=time)


def words(answer: Any) -> list[str]:
    return [line.words for line in answer.context["lines"]]


def exported(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def listed(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200
    events: list[dict[str, Any]] = json.loads(b"".join(answer.streaming_content))
    return events


def test_the_newest_stands_first_with_who_did_it_from_where(maintainer: Client, project: Project):
    answer = maintainer.get(PAGE)
    assert words(answer) == [
        "Archived the project",
        "Uploaded sample_project-1.0.tar.gz",
        "Yanked release 1.0",
        "Gave bob a role",
    ]
    assert rows(answer)[2].startswith("Yanked release 1.0 reason: =cmd() project:release:yank alice 192.0.2.2")


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"kind": "People"}, [1]),
        ({"kind": "Releases and files"}, [3, 2]),
        ({"who": "bob"}, [3]),
        ({"who": " alice ", "kind": "Settings"}, [4]),
        ({"who": "nobody"}, []),
        ({"since": "2026-03-03"}, [4, 3]),
        ({"until": "2026-03-02"}, [2, 1]),
        ({"since": "2026-03-02", "until": "2026-03-02"}, [2]),
        ({"since": "0001-01-01", "until": "9999-12-31"}, [4, 3, 2, 1]),
        ({"kind": "", "who": "", "since": "", "until": ""}, [4, 3, 2, 1]),
    ],
)
def test_the_list_is_filtered_and_so_is_the_file(
    owner: Client, project: Project, asked: dict[str, str], days: list[int]
):
    answer = owner.get(PAGE, asked)
    assert [line.event.time.day for line in answer.context["lines"]] == days
    table = exported(owner.get(f"{PAGE}events.csv", asked))
    assert [row[0][:10] for row in table[1:]] == [f"2026-03-0{day}" for day in days]
    file = listed(owner.get(f"{PAGE}events.json", asked))
    assert [row["time"][:10] for row in file] == [f"2026-03-0{day}" for day in days]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "Nothing"}, "kind"),
        ({"kind": "Account and sign-in"}, "kind"),
        ({"who": "a\0b"}, "who"),
        ({"who": "x" * 256}, "who"),
        ({"since": "yesterday"}, "since"),
        ({"until": "2026-02-30"}, "until"),
        ({"since": "2026-03-03", "until": "2026-03-02"}, "until"),
    ],
)
def test_a_wrong_question_comes_back_with_a_sentence(
    owner: Client, project: Project, asked: dict[str, str], field: str
):
    answer = owner.get(PAGE, asked)
    assert (answer.status_code, list(answer.context["form"].errors), words(answer)) == (200, [field], [])
    assert exported(owner.get(f"{PAGE}events.csv", asked)) == [HEADERS]


def test_a_table_is_harmless_to_spreadsheets_and_whole(owner: Client, project: Project, alice: User):
    Event.objects.record("project:release:add", Actor("=1+1", alice, "192.0.2.1"), project=project, version='1",\n2')
    answer = owner.get(f"{PAGE}events.csv")
    assert answer["Content-Disposition"] == 'attachment; filename="sample-project-history.csv"'
    assert answer["Cache-Control"] == "private, no-store"
    table = exported(answer)
    assert (table[0], len(table), {len(row) for row in table}) == (HEADERS, 6, {len(HEADERS)})
    newest = dict(zip(HEADERS, table[1], strict=True))
    assert newest["actor"] == "'=1+1"
    assert json.loads(newest["details"]) == {"version": '1",\n2'}


def test_the_json_file_holds_all_details(owner: Client, project: Project):
    file = listed(owner.get(f"{PAGE}events.json"))
    assert file[2] == {
        "time": "2026-03-02T23:30:00.000000Z",
        "tag": "project:release:yank",
        "words": "Yanked release 1.0",
        "actor": "alice",
        "address": "192.0.2.2",
        "project": "sample-project",
        "user": "",
        "details": {"version": "1.0", "reason": "=cmd()"},
    }
    Event.objects.all().delete()
    assert listed(owner.get(f"{PAGE}events.json")) == []


def test_a_long_history_comes_in_pages_and_whole_in_the_file(
    owner: Client, project: Project, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries
):
    now, actor = timezone.now(), Actor("alice")
    for minute in range(40):
        lines = [Event.line("project:release:add", actor, project=project, version=f"{minute}.{n}") for n in range(5)]
        for line in lines:
            line.time = now + datetime.timedelta(minutes=minute)
        Event.objects.bulk_create(lines)
    with django_assert_max_num_queries(10):
        first = owner.get(PAGE)
    assert len(words(first)) == 25
    assert len(first.content) < 25_000
    assert len(words(owner.get(PAGE, {"page": "9"}))) == 4
    monkeypatch.setattr(exporting, "BATCH", 7)
    table = exported(owner.get(f"{PAGE}events.csv"))
    assert len({row[2] for row in table[1:]}) == len(table) - 1 == 204
    assert table[1:] == sorted(table[1:], key=lambda row: row[0], reverse=True)


@pytest.mark.parametrize("page", [PAGE, f"{PAGE}events.csv", f"{PAGE}events.json"])
def test_nobody_else_reads_it(client: Client, project: Project, carol: User, page: str):
    assert client.get(page)["Location"] == f"/account/login/?next={page}"
    client.force_login(carol)
    assert client.get(page).status_code == 404


@pytest.mark.parametrize("form", ["xml", "csv/", "%00", ""])
def test_another_form_is_not_found(owner: Client, project: Project, form: str):
    assert owner.get(f"{PAGE}events.{form}").status_code == 404


def test_an_account_has_its_own(client: Client, project: Project, alice: User, carol: User):
    assert client.get(MINE)["Location"] == f"/account/login/?next={MINE}"
    Event.objects.record("account:password:change", Actor("carol", carol, "192.0.2.7"), user=carol)
    client.force_login(carol)
    answer = client.get(MINE)
    assert words(answer) == ["Changed the password"]
    assert 'href="/manage/account/history/" aria-current="page"' in answer.content.decode()
    assert len(exported(client.get(f"{MINE}events.csv"))) == 2
    client.force_login(alice)
    assert "Nothing happened yet" in client.get(MINE).content.decode()
    assert "Nothing like this happened" in client.get(MINE, {"who": "x"}).content.decode()


def test_the_addresses_have_their_names():
    assert reverse("manage-history", kwargs={"name": "x"}) == "/manage/project/x/history/"
    assert reverse("manage-account-history") == MINE


@pytest.mark.parametrize("page", [PAGE, MINE])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_head_asks_for_no_event(owner: Client, page: str, form: str):
    with CaptureQueriesContext(connection) as captured:
        answer: Any = owner.head(f"{page}events.{form}")
    assert (answer.status_code, b"".join(answer.streaming_content)) == (200, b"")
    assert f'.{form}"' in answer["Content-Disposition"]
    assert not [query for query in captured if "registry_event" in query["sql"]]
