"""Project names and their normal forms: pure functions, no database."""

import re
import sys

from packaging.utils import NormalizedName, canonicalize_name

MAX_NAME_LENGTH = 200

# PEP 508 ("Names"), matched as ASCII and to the very end.
_NAME = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE | re.ASCII)

# A project of such a name would shadow Python's own module, or be installed by a common slip of the keyboard.
STANDARD_LIBRARY = frozenset(canonicalize_name(module) for module in sys.stdlib_module_names)
SLIPS = frozenset({"requirements-txt", "rrequirements-txt", "requirements", "setup-py", "pyproject-toml"})


def is_valid(name: str) -> bool:
    """Whether ``name`` is a project name (PEP 508) of at most 200 characters."""
    return len(name) <= MAX_NAME_LENGTH and _NAME.fullmatch(name) is not None


def normalize(name: str) -> NormalizedName:
    """The normal form of a name (PEP 503): runs of ``-_.`` are one ``-``, lower case."""
    return canonicalize_name(name)


def ultranormalize(name: str) -> str:
    """The form in which look-alike names are equal.

    As Warehouse's ``ultranormalize_name``: separators go, ``l``, ``i`` and ``1`` are one, so are ``o`` and ``0``.
    """
    bare = re.sub(r"[._-]", "", name)
    return re.sub(r"[oO]", "0", re.sub(r"[lLiI]", "1", bare)).lower()


def is_reserved(name: str) -> bool:
    """Whether ``name`` is a standard library module's or a common slip's; administrators add others as rows."""
    return normalize(name) in STANDARD_LIBRARY | SLIPS
