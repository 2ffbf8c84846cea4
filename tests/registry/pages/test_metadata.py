"""Core metadata, for people."""

import pytest

from registry.pages.metadata import details


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"author": "Ada"}, {"Author": "Ada"}),
        ({"author_email": "ada@example.com"}, {"Author": "ada@example.com"}),
        ({"author": "Ada", "author_email": "ada@example.com"}, {"Author": "Ada, ada@example.com"}),
        ({"author": "Ada", "author_email": "Ada <ada@example.com>"}, {"Author": "Ada <ada@example.com>"}),
        ({"maintainer_email": "A <a@b.example>, C <c@d.example>"}, {"Maintainer": "A <a@b.example>, C <c@d.example>"}),
        ({"license": "MIT", "license_expression": "MIT OR Apache-2.0"}, {"License": "MIT OR Apache-2.0"}),
        ({"license": "MIT License\n\nPermission is hereby"}, {"License": "MIT License"}),
        ({"license": "x" * 500}, {"License": "x" * 100 + "…"}),
        ({"requires_python": ">=3.11"}, {"Requires Python": ">=3.11"}),
        ({"provides_extra": ["a", "b"]}, {"Provides extra": "a, b"}),
        ({"author_email": "\x00<<>>,,"}, None),
        ({}, {}),
    ],
)  # fmt: skip
def test_what_it_says(metadata, said):
    shown = dict(details(metadata, []).meta)
    assert said is None or shown == said


def test_classifiers_are_grouped_in_their_order():
    classifiers = ["Topic :: A :: B", "Framework :: X", "Topic :: C", "Odd"]
    assert details({"classifiers": classifiers}, []).classifiers == {
        "Topic": ["A :: B", "C"],
        "Framework": ["X"],
        "Odd": ["Odd"],
    }
