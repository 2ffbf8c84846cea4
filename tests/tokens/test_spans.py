"""Spans of time."""

import datetime

import pytest

from tokens.spans import Span


def span(since: int | None, until: int | None) -> Span:
    """By the days of a month."""
    first, last = (datetime.datetime(2026, 3, day, tzinfo=datetime.UTC) if day else None for day in (since, until))
    return Span(first, last)


@pytest.mark.parametrize(
    ("whole", "others", "left"),
    [
        ((1, 9), [], [(1, 9)]),
        ((1, 9), [(3, 5)], [(1, 3), (5, 9)]),
        ((1, 9), [(3, 5), (7, None)], [(1, 3), (5, 7)]),
        ((1, 9), [(None, 4)], [(4, 9)]),
        ((1, 9), [(1, 9)], []),
        ((1, 9), [(None, None)], []),
        ((None, None), [(3, 5)], [(None, 3), (5, None)]),
        ((3, 5), [(1, 9)], []),
        ((3, 5), [(5, 9), (1, 3)], [(3, 5)]),
        ((1, 9), [(2, 4), (3, 6)], [(1, 2), (6, 9)]),
    ],
)
def test_what_is_left_without_others(whole, others, left):
    assert span(*whole).without([span(*other) for other in others]) == [span(*piece) for piece in left]
