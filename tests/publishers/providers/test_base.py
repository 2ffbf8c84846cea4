"""Fields compare as the contract says, for every provider."""

import time

import pytest

from publishers.errors import InvalidToken
from publishers.globs import glob_matches
from publishers.providers.base import indexable
from publishers.providers.claims import flag_claim, optional_text_claim, optional_texts_claim, text_claim
from publishers.providers.fields import AllowList, Constraint, Field, Flag, Glob, VersionTag, Waivable


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("refs/tags/v*", "refs/tags/v1.0", True),
        ("refs/tags/v*", "refs/tags/v", True),
        ("refs/tags/v*", "refs/tags/v1/2", False),
        ("refs/tags/v*", "refs/tags/v1:2", False),
        ("refs/tags/v**", "refs/tags/v1/2:3", True),
        ("refs/tags/v?", "refs/tags/v1", True),
        ("refs/tags/v?", "refs/tags/v", False),
        ("refs/tags/v?", "refs/tags/v/", False),
        ("refs/heads/main", "refs/heads/main", True),
        ("refs/heads/main", "refs/heads/mainly", False),
        ("refs/heads/main", "xrefs/heads/main", False),
        ("refs/heads/main", "refs/heads/main\n", False),
        ("a.c", "abc", False),
        ("a[bc]", "ab", False),
        ("a[bc]", "a[bc]", True),
        ("a**b", "ab", True),
        ("a***b", "a/b", True),
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "aXbY", False),
        ("a**", "a\n", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_a_glob_matches_the_whole_text(pattern, text, expected):
    assert glob_matches(pattern, text) is expected


def test_no_glob_takes_for_ever():
    started = time.perf_counter()
    assert not glob_matches("a" + "**a" * 80 + "b", "a" * 1024)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    ("field", "expected", "actual", "ok"),
    [
        (Field("f", "F"), "a", "a", True),
        (Field("f", "F"), "a", "A", False),
        (Field("f", "F", fold=True), "a", "A", True),
        (Field("f", "F", fold=True), "i", "İ", False),
        (Field("f", "F", fold=True), "s", "ſ", False),
        (Field("f", "F", fold=True), "k", "\u212a", False),  # the Kelvin sign lower-cases to k
        (Field("f", "F"), "a", None, False),
        (Field("f", "F"), "a", "", False),
        (Field("f", "F"), "a", ["b", "a"], True),
        (Field("f", "F"), "a", [], False),
        (Field("f", "F"), "True", True, False),
        (Constraint("f", "F"), "a", "b", False),
        (Glob("f", "F"), "refs/tags/*", "refs/tags/1", True),
        (Glob("f", "F"), "refs/tags/*", ["refs/heads/x", "refs/tags/1"], True),
        (VersionTag("f", "F"), "v{version}", "refs/tags/v1.0", True),
        (VersionTag("f", "F"), "v{version}", "refs/tags/v", False),
        (VersionTag("f", "F"), "v{version}", "refs/heads/v1.0", False),
        (VersionTag("f", "F"), "v{version}", "v1.0", False),
        (VersionTag("f", "F"), "{version}-final", "refs/tags/1.0-final", True),
        (AllowList("f", "F"), ["push", "release"], "release", True),
        (AllowList("f", "F"), ["push"], "pull_request", False),
        (Flag("f", "F", wanted="true"), True, "true", True),
        (Flag("f", "F", wanted="true"), True, "false", False),
        (Flag("f", "F", wanted="true"), True, None, False),
    ],
)
def test_a_field_holds_what_the_publisher_expects_against_what_the_token_says(field, expected, actual, ok):
    check = field.check(expected, {"f": actual})
    assert check is not None
    assert check.ok is ok


@pytest.mark.parametrize("field", [Constraint("f", "F"), Glob("f", "F"), AllowList("f", "F"), Flag("f", "F")])
@pytest.mark.parametrize("unset", [None, "", [], False])
def test_a_constraint_that_is_not_set_is_not_looked_at(field, unset):
    assert field.check(unset, {"f": "anything"}) is None


def test_an_identity_field_that_is_not_set_matches_nothing():
    check = Field("f", "F").check("", {"f": None})
    assert check is not None
    assert not check.ok


@pytest.mark.parametrize("said", ["anything", "*", None])
def test_an_identity_field_that_is_waived_is_not_looked_at(said):
    field = Waivable("f", "F", pattern="[a-z]+", waiver="Anything goes.")
    assert field.check("*", {"f": said}) is None
    assert (field.warning("*"), field.warning("a")) == ("Anything goes.", None)
    assert (field.narrows("*"), field.narrows("a")) == (False, True)
    assert (field.refusal("*"), field.refusal("**")) == (None, "F is not valid.")


@pytest.mark.parametrize("unset", ["", None])
def test_an_identity_field_that_is_left_out_is_not_waived(unset):
    check = Waivable("f", "F").check(unset, {"f": None})
    assert check is not None
    assert not check.ok


@pytest.mark.parametrize("value", [None, "", "true", 0, 1, [], {}])
def test_a_flag_that_is_neither_true_nor_false_is_refused(value):
    with pytest.raises(InvalidToken, match="`flag`"):
        flag_claim({"flag": value}, "flag")
    assert flag_claim({"flag": True}, "flag") is True
    assert flag_claim({"flag": False}, "flag") is False


@pytest.mark.parametrize("value", ["a", 1, True, {}, [1], [""], [None], [["a"]], ["a\nb"], ["a" * 1025]])
def test_a_list_of_other_things_than_texts_is_refused(value):
    with pytest.raises(InvalidToken, match="`ids`"):
        optional_texts_claim({"ids": value}, "ids")
    assert optional_texts_claim({"ids": ["a", "b"]}, "ids") == ["a", "b"]
    assert optional_texts_claim({}, "ids") is None


@pytest.mark.parametrize("value", [1, True, [], {}, "", "a\x00", "a\nb", "a\x7f", "a\u2028", "a" * 1025])
def test_a_required_claim_of_another_form_is_refused_by_name(value):
    with pytest.raises(InvalidToken, match="`repository`"):
        text_claim({"repository": value}, "repository")


@pytest.mark.parametrize("value", [1, True, [], {}, "a\x00", "a" * 1025])
def test_an_optional_claim_of_another_form_is_refused_too(value):
    with pytest.raises(InvalidToken, match="`environment`"):
        optional_text_claim({"environment": value}, "environment")


@pytest.mark.parametrize(
    ("glob", "sentence"),
    [
        ("*", "literal text"),
        ("?efs/heads/x", "literal text"),
        ("refs/heads/" + "*a" * 9, "at most 8 wildcards"),
        ("refs/heads/\n", "control characters"),
    ],
)
def test_a_glob_that_is_no_good_is_refused_in_the_form(glob, sentence):
    assert sentence in str(Glob("f", "Ref").refusal(glob))


def test_a_good_glob_is_taken():
    assert Glob("f", "Ref").refusal("refs/heads/" + "**a" * 8) is None


def test_a_long_identity_still_fits_an_index_entry():
    assert indexable("a" * 400) == "a" * 400
    assert len(indexable("é" * 300)) < 100
