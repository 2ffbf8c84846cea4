"""JSON from strangers, read so that nobody can read it otherwise, and so that it can be stored.

Python's reader keeps the last of two equal members, takes NaN and lone surrogates, and runs out of stack on
deep nesting. PostgreSQL refuses NUL. All of these are refused here, before anything looks at the document.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 32
# Dates, ids and counters fit; a number of ten thousand digits is an attack on whatever adds to it.
MAX_DIGITS = 32

# An unterminated string is taken to the end, so that no text is walked twice.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


class NotStrict(ValueError):
    """The text is not JSON, or is JSON that is not taken; the message says why and repeats nothing of it."""


def parse(data: bytes | str, *, with_nul: bool = False) -> Any:
    """The document that ``data`` holds, in UTF-8. Raises NotStrict and nothing else, whatever it is given.

    ``with_nul`` lets NUL characters pass, for a caller who says himself what is wrong with them.
    """
    text = _decoded(data)
    _refuse_depth(text)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_members,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
            parse_float=_fraction,
        )
    except NotStrict:
        raise
    except ValueError:  # its message and its ``doc`` hold the text, which may be a secret
        raise NotStrict("it is not JSON") from None
    unwanted = _SURROGATE if with_nul else _UNSTORABLE
    if "\\u" in text and any(unwanted.search(found) for found in strings(document)):
        raise NotStrict("it holds a lone surrogate or a NUL character")
    return document


def _decoded(data: bytes | str) -> str:
    try:
        return data.decode() if isinstance(data, bytes) else data.encode().decode()
    except UnicodeError:
        raise NotStrict("it is not UTF-8") from None


def _refuse_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for piece in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(piece[0], 0)
        if depth > MAX_DEPTH:
            raise NotStrict(f"it nests deeper than {MAX_DEPTH} levels")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrict("it repeats a member")
    return members


def _refuse_constant(name: str) -> Any:
    raise NotStrict(f"it holds {name}")


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise NotStrict(f"it holds a number of more than {MAX_DIGITS} digits")
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrict("it holds a number that is too large")
    return number


def strings(document: Any) -> Iterator[str]:
    """Every text of a document, the names of members among them."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        yield from document
        for value in document.values():
            yield from strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)
