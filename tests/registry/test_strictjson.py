import json

import pytest

from registry.strictjson import NotStrict, parse


@pytest.mark.parametrize(
    "document",
    [{}, [], "text", 1, -1.5, True, None, {"a": [{"b": None}]}, "ünï", "\U0001f600", "\\ud800", 10**31],
)
def test_reads_what_json_can_say(document):
    assert parse(json.dumps(document)) == document
    assert parse(json.dumps(document, ensure_ascii=False).encode()) == document


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ("[1,]", "not JSON"),
        ("{} {}", "not JSON"),
        ("\ufeff{}", "not JSON"),
        ('"\x00"', "not JSON"),
        ('{"a": 1, "a": 1}', "repeats"),
        ('{"b": {"a": 1, "\\u0061": 2}}', "repeats"),
        ("NaN", "NaN"),
        ("[Infinity]", "Infinity"),
        ("[-Infinity]", "-Infinity"),
        ("1e999", "too large"),
        ("9" * 33, "digits"),
        ("9" * 100_000, "digits"),
        ('"\\ud800"', "lone surrogate"),
        ('{"\\udc00": 1}', "lone surrogate"),
        ('["\\ude00\\ud83d"]', "lone surrogate"),
        ('"\\u0000"', "NUL"),
        ('"\ud800"', "UTF-8"),
        (b'"\xff"', "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        ("[" * 33 + "]" * 33, "deeper"),
        ("[" * 100_000, "deeper"),
        ('{"a":' * 100_000, "deeper"),
    ],
)
def test_refuses_what_two_readers_could_understand_differently(text, reason):
    with pytest.raises(NotStrict, match=reason):
        parse(text)


def test_nests_as_deep_as_it_says():
    assert parse("[" * 32 + "]" * 32)


def test_brackets_in_texts_do_not_nest():
    assert parse(json.dumps(["[{" * 100, '"' + "[" * 100, "\\"])) == ["[{" * 100, '"' + "[" * 100, "\\"]


@pytest.mark.parametrize("text", ['"\\' * 60_000, '["' + "\\" * 100_000, '"[' * 60_000, "[" * 40 + '"' * 100_000])
def test_takes_no_longer_for_texts_that_never_end(text):
    with pytest.raises(NotStrict):
        parse(text)


def test_says_nothing_of_the_text():
    with pytest.raises(NotStrict) as refused:
        parse('{"secret')
    assert "secret" not in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__
