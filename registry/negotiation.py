"""Which of several media types an Accept header prefers (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence
from functools import lru_cache

_Range = tuple[str, float]


def preferred(accept: str, offers: Sequence[str]) -> str | None:
    """The offer that ``accept`` likes best, the earlier one when it likes two alike; None if it admits none.

    An absent or empty header admits everything. Django's own ``get_preferred_type`` ignores ``q=0`` beside a
    wildcard and fails on some malformed parameters.
    """
    return _preferred(accept, tuple(offers))


@lru_cache(maxsize=128)  # a client sends the same header each time
def _preferred(accept: str, offers: tuple[str, ...]) -> str | None:
    ranges = [_range(part) for part in accept.lower().split(",") if part.strip()] or [("*/*", 1.0)]
    quality = {offer: _quality(offer, ranges) for offer in offers}
    best = max(offers, key=lambda offer: quality[offer])
    return best if quality[best] > 0 else None


def _range(part: str) -> _Range:
    media, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media, _number(value.strip())
    return media, 1.0


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if 0 <= number <= 1 else 0.0


def _quality(offer: str, ranges: list[_Range]) -> float:
    """The quality that the most specific range gives."""
    for pattern in (offer, offer.partition("/")[0] + "/*", "*/*"):
        found = [quality for media, quality in ranges if media == pattern]
        if found:
            return max(found)
    return 0.0
