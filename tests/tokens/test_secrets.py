"""A token's text tells itself from noise."""

import re
import string
import zlib

import pytest

from tokens import secrets


@pytest.mark.parametrize("kind", ["tp", "api"])
def test_a_token_has_the_form_that_scanners_look_for(kind):
    text = secrets.new(kind)
    assert re.fullmatch(rf"gth_{kind}_[0-9A-Za-z]{{49}}", text)
    assert secrets.kind_of(text) == kind


def test_the_check_is_the_crc32_of_what_stands_before_it_in_base62():
    text = secrets.new("tp")
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    number = 0
    for letter in text[-6:]:
        number = number * 62 + alphabet.index(letter)
    assert number == zlib.crc32(text[:-6].encode())


def test_no_two_tokens_are_equal():
    assert len({secrets.new("tp") for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: text.replace("gth_", "pypi_"),
        lambda text: text.replace("_tp_", "_xx_"),
        lambda text: text.replace("_tp_", "_api_"),
        lambda text: text + "\n",
        lambda text: text.replace("gth", "ｇth"),
        lambda text: "",
    ],
)
def test_what_is_changed_is_noise(spoil):
    assert secrets.kind_of(spoil(secrets.new("tp"))) is None


def test_a_digest_can_be_had_of_any_text():
    assert len(secrets.digest("\ud800")) == 64
