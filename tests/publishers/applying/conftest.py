"""Applying files of tests."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

Apply = Callable[..., str]


@pytest.fixture
def apply(tmp_path: Path) -> Apply:
    """Apply a file of such a text; what was printed."""

    def run(text: str, *options: str) -> str:
        (tmp_path / "file.toml").write_text(text)
        printed = StringIO()
        call_command("apply", str(tmp_path / "file.toml"), *options, stdout=printed, stderr=StringIO())
        return printed.getvalue()

    return run


@pytest.fixture
def complaints(tmp_path: Path) -> Callable[[str], list[str]]:
    """Apply a file of such a text in vain; the lines that say why."""

    def run(text: str) -> list[str]:
        (tmp_path / "file.toml").write_text(text)
        errors = StringIO()
        with pytest.raises(SystemExit):
            call_command("apply", str(tmp_path / "file.toml"), stderr=errors)
        return errors.getvalue().splitlines()

    return run
