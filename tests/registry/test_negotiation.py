"""Which media type an Accept header prefers."""

import pytest

from registry.negotiation import preferred

OFFERS = ["text/html", "application/json"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("application/json", "application/json"),
        ("Application/JSON", "application/json"),
        ("application/*", "application/json"),
        ("text/html, application/json", "text/html"),
        ("text/html;q=0.9, application/json", "application/json"),
        ("text/html;q=0.1, */*;q=0.2", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("application/json;q=0.001", "application/json"),
        ("application/json;charset=utf-8;q=0.5, text/html;q=0.4", "application/json"),
        ("image/png", None),
        ("*/*;q=0", None),
        ("text/html;q=nan", None),
        ("text/html;q=high", None),
        ("text/html;q*=nowhere''x", "text/html"),
        (",,;;=,", None),
        ("\x00\xff", None),
    ],
)
def test_the_offer_with_the_highest_quality_is_chosen(accept, expected):
    assert preferred(accept, OFFERS) == expected
