"""Letters: which of them are equal, and which have no place in a name."""

import re

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def fold(text: str) -> str:
    """Lower-case ASCII letters only: ``str.lower`` would make different letters of other scripts equal."""
    return text.translate(_ASCII_LOWER)


def has_control(text: str) -> bool:
    """Whether ``text`` holds a control character, a line separator or a lone surrogate."""
    return _CONTROL.search(text) is not None
