"""Which links of a project are its publishers' own, as PyPI marks them: below the repository that uploaded a file."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

# What browsers read in ways of their own, and what would lead out of the path again.
_ODD = re.compile(r"[\s\\\x00-\x20\x7f]|%(?:2e|2f|5c)|/\.{1,2}(?:[/?#]|\Z)", re.IGNORECASE)


def is_verified(url: str, addresses: Iterable[str]) -> bool:
    """Whether ``url`` is one of ``addresses`` or below one; in any case, as the hosts of repositories read them."""
    parsed = _parsed(url)
    return parsed is not None and any(_is_below(parsed, _parsed(address)) for address in addresses)


def _is_below(url: SplitResult, own: SplitResult | None) -> bool:
    if own is None or (url.scheme, url.netloc.lower()) != (own.scheme, own.netloc.lower()):
        return False
    path, wanted = url.path.lower().rstrip("/"), own.path.lower().rstrip("/")
    return path in {wanted, f"{wanted}.git"} or path.startswith(f"{wanted}/")


def _parsed(url: str) -> SplitResult | None:
    if _ODD.search(url):
        return None
    try:
        parsed = urlsplit(url)
    except ValueError:
        return None
    return parsed if parsed.scheme == "https" and parsed.netloc and "@" not in parsed.netloc else None
