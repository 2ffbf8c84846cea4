"""How the demo speaks: numbered steps, what was sent, what came back; in colour on a terminal."""

import json
import os
import re
import sys
from typing import Any

_COLOURS = {"step": "1;36", "sent": "34", "got": "32", "note": "2", "bad": "31"}
# Tokens of every kind keep their first characters only.
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+")
_TOKEN = re.compile(r"\b([a-z][a-z0-9]*_(?:tp|api)_[0-9A-Za-z]{4})[0-9A-Za-z]{10,}")


class Story:
    """Prints the steps in order, numbered."""

    def __init__(self) -> None:
        self.count = 0
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def step(self, title: str) -> None:
        """Begin a step."""
        self.count += 1
        self._print("step", f"\n{self.count}. {title}")

    def sent(self, text: str) -> None:
        """What was sent or run."""
        self._lines("sent", "→ ", text)

    def got(self, text: str) -> None:
        """What came back."""
        self._lines("got", "← ", text)

    def refused(self, text: str) -> None:
        """A refusal that came back."""
        self._lines("bad", "← ", text)

    def note(self, text: str) -> None:
        """What it means."""
        self._lines("note", "  ", text)

    def _lines(self, kind: str, mark: str, text: str) -> None:
        for line in shorten(text).rstrip().splitlines():
            self._print(kind, f"   {mark}{line}")

    def _print(self, kind: str, text: str) -> None:
        print(f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if self.colour else text, flush=True)


def shorten(text: str) -> str:
    """``text`` with its secrets cut to their first characters."""
    return _TOKEN.sub(r"\1…", _JWT.sub(lambda found: found[0][:12] + "…", text))


def as_json(document: Any) -> str:
    """A document as people read it."""
    return json.dumps(document, indent=2, ensure_ascii=False)
