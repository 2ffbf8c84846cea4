"""Project names and their normal forms."""

import pytest

from registry import names


@pytest.mark.parametrize("name", ["a", "A1", "sample-project", "sample.project_2", "0", "x" * 200])
def test_valid_names(name):
    assert names.is_valid(name)


@pytest.mark.parametrize(
    "name",
    ["", "-", "-a", "a-", ".a", "a.", "_a", "a b", "a/b", "a\n", "a\x00", "é", "ａ", "a" * 201, "a\u2028", "K\u212a"],
)
def test_names_that_are_none(name):
    assert not names.is_valid(name)


@pytest.mark.parametrize("name", ["Foo.Bar", "foo_bar", "FOO--bar", "foo-_.bar"])
def test_spellings_of_one_name_are_equal(name):
    assert names.normalize(name) == "foo-bar"


@pytest.mark.parametrize(
    ("one", "other"),
    [("sample", "sampIe"), ("sample", "samp1e"), ("foo", "f0o"), ("foo-bar", "foobar"), ("a.b_c", "A-B-C")],
)
def test_look_alikes_are_equal_when_ultranormalized(one, other):
    assert names.ultranormalize(one) == names.ultranormalize(other)


@pytest.mark.parametrize("name", ["json", "JSON", "os", "asyncio", "Requirements.TXT", "_thread", "concurrent"])
def test_names_that_nobody_may_have(name):
    assert names.is_reserved(name)
