"""Patterns in which ``*`` and ``?`` stop at ``/`` and ``:`` and ``**`` does not; nothing else is special."""

import re


def glob_matches(pattern: str, text: str) -> bool:
    """Whether ``text`` as a whole has the form of ``pattern``.

    All ways through the pattern are walked at once, so that no pattern takes more than its length times the
    text's: a regular expression with many wildcards could be made to take for ever.
    """
    pieces = re.findall(r"\*\*+|.", pattern, re.DOTALL)
    places = _past_stars({0}, pieces)
    for letter in text:
        places = _past_stars({after for place in places for after in _step(place, pieces, letter)}, pieces)
        if not places:
            return False
    return len(pieces) in places


def _step(place: int, pieces: list[str], letter: str) -> tuple[int, ...]:
    piece = pieces[place] if place < len(pieces) else None
    if piece is None:
        return ()
    if piece.startswith("**"):
        return (place,)
    if piece in {"*", "?"}:
        return () if letter in "/:" else (place if piece == "*" else place + 1,)
    return (place + 1,) if piece == letter else ()


def _past_stars(places: set[int], pieces: list[str]) -> set[int]:
    reached = set(places)
    for place in places:
        while place < len(pieces) and pieces[place].startswith("*"):
            place += 1
            reached.add(place)
    return reached
