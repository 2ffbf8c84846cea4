"""The text of tokens: ``PREFIX_KIND_SECRETCHECK``.

SECRET is 43 base62 characters from 256 random bits; CHECK is 6 base62 characters of the CRC-32 of what stands
before it, so that anyone can tell a token from noise without asking. Only the SHA-256 of the text is stored.
"""

import hashlib
import re
import secrets
import string
import zlib

from django.conf import settings

UPLOAD = "tp"
API = "api"
SECRET_LENGTH = 43
CHECK_LENGTH = 6

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(
    rf"(?P<body>(?P<prefix>[a-z][a-z0-9]*)_(?P<kind>tp|api)_[0-9A-Za-z]{{{SECRET_LENGTH}}})(?P<check>[0-9A-Za-z]{{{CHECK_LENGTH}}})"
)


def new(kind: str) -> str:
    """A new token's text; show it once, store its ``digest``."""
    body = f"{settings.TOKEN_PREFIX}_{kind}_{_base62(secrets.randbits(256), SECRET_LENGTH)}"
    return body + _check(body)


def kind_of(text: str) -> str | None:
    """``tp`` or ``api`` for a well-formed token of this registry, None for noise."""
    form = _FORM.fullmatch(text)
    if form is None or form["prefix"] != settings.TOKEN_PREFIX:
        return None
    return form["kind"] if secrets.compare_digest(_check(form["body"]), form["check"]) else None


def digest(text: str) -> str:
    """What is stored of a token: its SHA-256 in hex. A lookup by it leaks nothing about the text by its timing."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
