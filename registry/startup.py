"""The look at the settings before anything starts, and what a command says when its database fails."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError


def stop_on_wrong_settings() -> None:
    """Leave with one line on standard error, which names the setting, when a setting is wrong."""
    try:
        settings.INSTALLED_APPS  # noqa: B018  the first access reads the environment
        from registry.checks import wrong_settings

        errors = wrong_settings()
    except ImproperlyConfigured as wrong:
        sys.exit(f"gatehouse: {wrong}")
    for error in errors:
        if error.level >= checks.ERROR:
            sys.exit(f"gatehouse: {error.msg} ({error.id})")


@contextmanager
def database_failures_in_a_line(arguments: Sequence[str]) -> Iterator[None]:
    """Leave with one line when the database cannot be reached or has no tables; ``--traceback`` raises it again."""
    try:
        yield
    except (OperationalError, ProgrammingError) as wrong:
        if "--traceback" in arguments:
            raise
        said = str(wrong).strip().partition("\n")[0]
        sys.exit(
            f"gatehouse: the database of DATABASE_URL failed: {said} (a new one needs manage.py migrate; "
            "--traceback tells more)"
        )
