"""Claims are named literally, or from a "/" on by JSON Pointer (RFC 6901)."""

import pytest

from publishers import claimnames

# RFC 6901 section 5, and what CI services say.
CLAIMS = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
    "kubernetes.io": {"namespace": "ci", "serviceaccount": {"uid": "14ee"}},
    "oidc.circleci.com/org-id": "a64b",
    "null": None,
    "deep": {"0": "member", "list": [["x"], {"y": False}]},
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("foo", ["bar", "baz"]),
        ("a/b", 1),
        ("m~n", 8),
        ("oidc.circleci.com/org-id", "a64b"),
        ("/oidc.circleci.com~1org-id", "a64b"),
        ("/kubernetes.io/namespace", "ci"),
        ("/kubernetes.io/serviceaccount/uid", "14ee"),
        ("/deep/0", "member"),
        ("/deep/list/0/0", "x"),
        ("/deep/list/1/y", False),
        # nothing there
        ("kubernetes.io.namespace", None),
        ("kubernetes.io/namespace", None),
        ("/foo/2", None),
        ("/foo/00", None),
        ("/foo/01", None),
        ("/foo/-", None),
        ("/foo/-1", None),
        ("/foo/+1", None),
        ("/foo/1.0", None),
        ("/foo/٠", None),  # a digit, but not one of ASCII
        ("/foo/" + "9" * 240, None),
        ("/foo/0/0", None),
        ("/null", None),
        ("/null/x", None),
        ("/a/b", None),
        ("//", None),
        ("missing", None),
    ],
)
def test_a_name_finds_what_the_token_says(name, value):
    assert claimnames.find(CLAIMS, name) == value
    assert claimnames.problem_of(name) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("sub", "/sub", True),
        ("a/b", "/a~1b", True),
        ("m~n", "/m~0n", True),
        ("m~0n", "/m~00n", True),
        ("sub", "Sub", False),
        ("a.b", "/a/b", False),
        ("/a/0", "/a/00", False),
        ("/~01", "/~1", False),
    ],
)
def test_two_spellings_may_be_one_claim(one, other, same):
    assert (claimnames.path_of(one) == claimnames.path_of(other)) is same


@pytest.mark.parametrize("name", ["sub", "a/b", "m~n", "~1", "a~/b"])
def test_a_literal_name_has_a_pointer(name):
    assert claimnames.path_of(claimnames.pointer_to(name)) == (name,)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Name a claim."),
        ("x" * 256, "at most 255"),
        ("a\nb", "control characters"),
        ("a\x00", "control characters"),
        ("/a\u2028", "control characters"),
        ("/a~", "“~” must be followed by"),
        ("/a~2b", "“~” must be followed by"),
        ("/~~0", "“~” must be followed by"),
    ],
)
def test_a_name_that_is_none_is_told_so(name, sentence):
    assert sentence in str(claimnames.problem_of(name))


@pytest.mark.parametrize("name", ["x" * 255, "a~b", "~", "https://acme.example.com/claims", "/", "//", "/~0~1"])
def test_odd_names_are_names(name):
    assert claimnames.problem_of(name) is None
