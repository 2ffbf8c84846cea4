"""A plug-in: no line that the suite logs, here or in a server that it starts, may hold a secret.

Tokens and identity tokens are told by their form, whoever made them; other secrets by their texts, as they are made.
"""

import logging
import re
from pathlib import Path
from typing import Any

import pytest

from tests.environment import FOLDER

# An API or upload token; the last part of an identity token, its signature; a header with either.
FORMS = re.compile(
    r"[a-z][a-z0-9]*_(?:tp|api)_[0-9A-Za-z]{43}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"
    r"|(?:Basic|Bearer) [A-Za-z0-9+/=_.-]{20,}"
)
_texts: set[str] = set()
_found: list[str] = []


def remember(text: str) -> None:
    """A secret that a test made, such as a password or a one-time link."""
    _texts.add(text)


def secrets_in(text: str) -> list[str]:
    """Those that stand in a text."""
    return FORMS.findall(text) + [known for known in _texts if known in text]


class _Watch(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Look at a line as it would be written."""
        place = f"{record.name}, {record.pathname}:{record.lineno}"
        _found.extend(f"{place}: {secret[:12]}…" for secret in secrets_in(self.format(record)))


def pytest_sessionstart() -> None:
    """Hear everything that is logged in this process."""
    logging.getLogger().addHandler(_Watch())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a log holds a secret; a process of pytest-xdist says it to the one that started it."""
    for log in sorted(FOLDER.glob("server-*.log")):
        _look_into(log)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["secrets_in_logs"] = _found
    elif _found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a process of pytest-xdist found."""
    _found.extend(getattr(node, "workeroutput", {}).get("secrets_in_logs", []))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say where."""
    for place in _found:
        terminalreporter.write_line(f"SECRET IN A LOG: {place}", red=True)


def _look_into(log: Path) -> None:
    for line in log.read_text(errors="replace").splitlines():
        _found.extend(f"{log.name}: {secret[:12]}… in {line[:200]}" for secret in secrets_in(line))
