"""What somebody meant who misspelled a word of ours."""

import difflib
from collections.abc import Iterable


def meant(word: str, known: Iterable[str]) -> str:
    """What was probably meant, to end a sentence with; empty where nothing is like it."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f' (did you mean "{close[0]}"?)' if close else ""
