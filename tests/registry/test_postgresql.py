"""The pool of ``registry.postgresql``: a connection that went is replaced, one that lives is not asked."""

import pytest
from django.db import connections

from registry.postgresql import base, planning
from tests.issuers import eventually
from tests.machine import needs_postgresql

pytestmark = [needs_postgresql, pytest.mark.django_db]


def connect(alias):
    """A connection of its own to the tests' database, from a pool of its own."""
    wrapper = base.DatabaseWrapper(connections["default"].settings_dict, alias)
    pool = {"min_size": 1, "max_size": 1}
    wrapper.settings_dict = {**wrapper.settings_dict, "OPTIONS": {**wrapper.settings_dict["OPTIONS"], "pool": pool}}
    return wrapper


@pytest.fixture
def pooled():
    wrapper = connect("pooled")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


@pytest.fixture
def another():
    wrapper = connect("another")
    yield wrapper
    wrapper.close()
    wrapper.close_pool()


def ask(wrapper, sql="SELECT pg_backend_pid()"):
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


@pytest.fixture
def asked(monkeypatch):
    """How often the server was asked whether it is there."""
    times = []
    real = base._answers

    def counting(connection):
        times.append(connection)
        return real(connection)

    monkeypatch.setattr(base, "_answers", counting)
    return times


def test_the_settings_use_it():
    assert isinstance(connections["default"], base.DatabaseWrapper)
    assert connections["default"].vendor == "postgresql"


def test_a_connection_that_was_just_used_is_taken_as_it_is(pooled, asked):
    first = ask(pooled)
    pooled.close()
    asked.clear()
    assert ask(pooled) == first
    assert not asked


def test_a_connection_that_the_server_closed_is_replaced(pooled, another):
    first = ask(pooled)
    pooled.close()
    assert ask(another, f"SELECT pg_terminate_backend({first}, 5000)")
    assert ask(pooled) != first


def test_a_connection_that_was_silent_for_long_is_asked(pooled, asked, monkeypatch):
    first = ask(pooled)
    pooled.close()
    asked.clear()
    monkeypatch.setattr(base, "SILENT_SECONDS", -1.0)
    assert ask(pooled) == first
    assert len(asked) == 1


def test_a_connection_that_has_news_and_lives_is_kept(pooled, another, asked):
    first = ask(pooled)
    with pooled.cursor() as cursor:
        cursor.execute("LISTEN news")
    connection = pooled.connection
    pooled.close()
    ask(another, "SELECT pg_notify('news', 'of a setting, say')")
    eventually(lambda: base._has_news(connection))
    asked.clear()
    assert ask(pooled) == first
    assert len(asked) == 1


def test_a_statement_that_is_planned_for_its_values_leaves_no_plan_behind():
    def kept() -> int:
        return len([name for name in ask_all("SELECT statement FROM pg_prepared_statements") if "4711" in name])

    def ask_all(sql):
        with connections["default"].cursor() as cursor:
            cursor.execute(sql)
            return [row[0] for row in cursor.fetchall()]

    with planning.for_their_values():
        for _ in range(9):
            ask_all("SELECT 4711")
    assert kept() == 0
    for _ in range(9):
        ask_all("SELECT 4711")
    assert kept() == 1
