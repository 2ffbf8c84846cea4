"""A form field that holds several words."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

MAX_WORDS = 100


class WordsField(forms.CharField):
    """Several words: a text with commas or white space between them, or a list of texts."""

    def to_python(self, value: Any) -> Any:
        """The words, each once, in their order."""
        words = value.replace(",", " ").split() if isinstance(value, str) else value or []
        if not isinstance(words, Iterable) or not all(isinstance(word, str) for word in words):
            raise ValidationError("Write words with commas between them.", code="invalid")
        words = list(dict.fromkeys(words))
        if len(words) > MAX_WORDS:
            raise ValidationError(f"At most {MAX_WORDS} words.", code="invalid")
        return words

    def run_validators(self, value: Any) -> None:
        """Each word on its own."""
        for word in value:
            super().run_validators(word)

    def prepare_value(self, value: Any) -> Any:
        """As people read and write it."""
        return ", ".join(value) if isinstance(value, list) else value
