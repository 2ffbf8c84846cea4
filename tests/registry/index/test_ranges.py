"""The Range header."""

import pytest

from registry.index.ranges import Unsatisfiable, read


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=2-5", (2, 5)),
        ("bytes=2-", (2, 9)),
        ("bytes=2-99", (2, 9)),
        ("bytes=-3", (7, 9)),
        ("bytes=-99", (0, 9)),
        ("Bytes = 2-5 ", (2, 5)),
        # Ignored: the whole file is the answer.
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("bytes=a-b", None),
        ("bytes=+1-2", None),
        ("bytes=٣-٤", None),
        ("lines=1-2", None),
        ("", None),
        (f"bytes={'9' * 5000}-", None),
    ],
)
def test_one_range_is_understood(header, expected):
    assert read(header, 10) == expected


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=-5", 0)]
)
def test_a_range_behind_the_end_is_refused(header, size):
    with pytest.raises(Unsatisfiable):
        read(header, size)
