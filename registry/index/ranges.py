"""Byte ranges (RFC 9110, section 14): one range is served; several, or nonsense, are ignored as it allows."""

import re

_ONE_RANGE = re.compile(r"bytes\s*=\s*(?P<first>[0-9]{0,19})-(?P<last>[0-9]{0,19})\s*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range begins behind the end: 416."""


def read(header: str, size: int) -> tuple[int, int] | None:
    """The first and last byte (both included) that a Range header asks of ``size`` bytes; None for all of them."""
    match = _ONE_RANGE.fullmatch(header.strip())
    if match is None or not (match["first"] or match["last"]):
        return None
    if not match["first"]:
        return _suffix(int(match["last"]), size)
    first = int(match["first"])
    last = int(match["last"]) if match["last"] else size - 1
    if match["last"] and last < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return first, min(last, size - 1)


def _suffix(length: int, size: int) -> tuple[int, int]:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return max(size - length, 0), size - 1
