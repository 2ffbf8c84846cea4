"""Claims of a verified token, each read as its documented type or refused."""

from collections.abc import Mapping
from typing import Any

from publishers.errors import InvalidToken
from publishers.letters import has_control

Claims = Mapping[str, Any]

MAX_CLAIM_LENGTH = 1024


def text_claim(claims: Claims, name: str) -> str:
    """A required claim: a non-empty string of at most 1,024 characters without control characters."""
    return required_text(name, claims.get(name))


def required_text(name: str, value: Any) -> str:
    """The same of a value that was found elsewhere than at the top."""
    if value is None:
        raise InvalidToken(f"The token has no claim `{name}`.")
    return _text(name, value)


def required_id(name: str, value: Any) -> str:
    """The same of an id, which may be a whole number as well: then it is its digits."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else required_text(name, value)


def optional_text_claim(claims: Claims, name: str) -> str | None:
    """A claim that may be absent, null or empty (then None); anything but a text is refused."""
    value = claims.get(name)
    return None if value is None or value == "" else _text(name, value)


def optional_word_claim(claims: Claims, name: str) -> str | None:
    """The same of a claim that some write as true or false: then it is that word."""
    value = claims.get(name)
    return str(value).lower() if isinstance(value, bool) else optional_text_claim(claims, name)


def optional_texts_claim(claims: Claims, name: str) -> list[str] | None:
    """A claim that is a list of texts, each as ``text_claim`` wants it; absent or null is None."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise InvalidToken(f"The claim `{name}` must be a list of strings.")
    return [_text(name, member) for member in value]


def flag_claim(claims: Claims, name: str) -> bool:
    """A required claim that is true or false, as JSON has them."""
    value = claims.get(name)
    if value is None:
        raise InvalidToken(f"The token has no claim `{name}`.")
    if not isinstance(value, bool):
        raise InvalidToken(f"The claim `{name}` must be true or false.")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidToken(f"The claim `{name}` must be a non-empty string.")
    if len(value) > MAX_CLAIM_LENGTH:
        raise InvalidToken(f"The claim `{name}` is longer than {MAX_CLAIM_LENGTH} characters.")
    if has_control(value):
        raise InvalidToken(f"The claim `{name}` contains a control character.")
    return value
