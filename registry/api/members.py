"""The members of a body."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework.exceptions import ValidationError

from registry.spelling import meant


def refuse_unknown(data: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise ValidationError for what is no member, so that nothing is lost by a slip.

    What is a member but cannot be written is no slip: what was read can be sent back.
    """
    names = list(known)
    unknown = [name for name in data if name not in names]
    if unknown:
        raise ValidationError({name: [f"There is no such member{meant(name, names)}."] for name in unknown})
