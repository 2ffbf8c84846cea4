"""What a command says when its database fails."""

import pytest
from django.db import OperationalError, ProgrammingError

from registry.startup import database_failures_in_a_line


@pytest.mark.parametrize("kind", [OperationalError, ProgrammingError])
def test_a_database_that_fails_is_one_line(kind: type[Exception]):
    with pytest.raises(SystemExit) as left, database_failures_in_a_line(["manage.py", "prune"]):
        raise kind("no such table: x\nLINE 1: SELECT")
    assert "DATABASE_URL failed: no such table: x (" in str(left.value)
    assert "migrate" in str(left.value)
    assert "\n" not in str(left.value)


def test_a_traceback_is_shown_to_who_asks():
    with pytest.raises(OperationalError), database_failures_in_a_line(["manage.py", "prune", "--traceback"]):
        raise OperationalError("no such table: x")
