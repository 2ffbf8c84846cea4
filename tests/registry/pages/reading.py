"""How these tests read a page."""

from typing import Any


def text(answer: Any) -> str:
    """The page, with its white space folded."""
    return " ".join(answer.content.decode().split())
