"""How claims are named where nobody here knows them: literally, or from a "/" on by JSON Pointer (RFC 6901).

A literal name has whatever dots and slashes it likes; only one that begins with "/" must be written as a pointer.
"""

import re
from collections.abc import Mapping
from typing import Any

from publishers.letters import has_control

MAX_NAME_LENGTH = 255

_INDEX = re.compile(r"0|[1-9][0-9]*")  # RFC 6901 section 4: no leading zeros
_BAD_ESCAPE = re.compile(r"~(?![01])")


def problem_of(name: str) -> str | None:
    """Why ``name`` names no claim, as a sentence; None when it does."""
    if not name:
        return "Name a claim."
    if len(name) > MAX_NAME_LENGTH:
        return f"A claim's name may have at most {MAX_NAME_LENGTH} characters."
    if has_control(name):
        return "A claim's name must not contain control characters."
    if name.startswith("/") and _BAD_ESCAPE.search(name):
        return "In a JSON Pointer a “~” must be followed by 0 (for “~”) or 1 (for “/”)."
    return None


def path_of(name: str) -> tuple[str, ...]:
    """The members to follow from the token's claims down; names of one path are spellings of one claim."""
    if not name.startswith("/"):
        return (name,)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in name[1:].split("/"))


def pointer_to(name: str) -> str:
    """The JSON Pointer that names the same claim as a literal name."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def find(claims: Mapping[str, Any], name: str) -> Any:
    """What a token says of the claim; None where it is absent or null."""
    value: Any = claims
    for part in path_of(name):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
