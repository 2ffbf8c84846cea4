"""Spans of time, and what is left of one without others."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

Moment = datetime.datetime


@dataclass(frozen=True)
class Span:
    """From a moment, or from before the history, to another, or on and on."""

    since: Moment | None
    until: Moment | None

    @property
    def is_empty(self) -> bool:
        """Whether it ends before it begins."""
        return _before(self.until, self.since)

    def meets(self, other: "Span") -> bool:
        """Whether they share a moment."""
        return not _before(self.until, other.since) and not _before(other.until, self.since)

    def within(self, other: "Span") -> "Span":
        """What they share."""
        since = max(filter(None, (self.since, other.since)), default=None)
        return Span(since, min(filter(None, (self.until, other.until)), default=None))

    def without(self, others: Iterable["Span"]) -> list["Span"]:
        """What is left of it, in pieces, the first one first."""
        left = [self]
        for other in others:
            left = [piece for one in left for piece in one._around(other)]
        return left

    def _around(self, other: "Span") -> list["Span"]:
        if not self.meets(other):
            return [self]
        before = [] if other.since is None else [self.within(Span(None, other.since))]
        after = [] if other.until is None else [self.within(Span(other.until, None))]
        return [piece for piece in (*before, *after) if not piece.is_empty]


def _before(one: Moment | None, other: Moment | None) -> bool:
    return one is not None and other is not None and one <= other
