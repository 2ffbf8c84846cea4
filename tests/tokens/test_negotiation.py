"""Which media type an exchange endpoint answers in."""

import pytest

from tokens.negotiation import JSON, PYTP, chosen


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, PYTP),
        ("", PYTP),
        (PYTP, PYTP),
        (PYTP.upper(), PYTP),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (f"{PYTP}, {JSON};q=0.5", PYTP),
        (f"{PYTP};q=0.5, */*", JSON),
        (f"{JSON};q=0, */*", PYTP),
        ("application/json; charset=utf-8", JSON),
        ("text/html", None),
        ("text/html, image/*", None),
        ("*/*;q=0", None),
        ("*/*;q=high", None),
        ("*/*;q=nan", None),
        (";;;,,,", None),
    ],
)
def test_the_accept_header_decides(accept, expected):
    assert chosen(accept) == expected
