"""Reads ``s3://BUCKET/PREFIX?endpoint_url=…&region=…``: which bucket, where. Never who asks."""

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

FORM = "s3://BUCKET/PREFIX?endpoint_url=ADDRESS&region=REGION"
PARAMETERS = ("endpoint_url", "region")
# What S3 allows for new buckets: no address of a machine, no two dots in a row.
_BUCKET = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)*[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


class WrongAddress(ValueError):
    """What is wrong, as a sentence's end after the setting's name; it repeats nothing that may be secret."""


def read(text: str) -> dict[str, str]:
    """What an address says, in the words that ``BucketStorage`` takes. Raises WrongAddress."""
    try:
        parts = urlsplit(text)
    except ValueError as wrong:
        raise WrongAddress(f"must be {FORM}") from wrong
    if "@" in parts.netloc:
        raise WrongAddress(
            "must not hold credentials: they come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "from a profile or from the machine's role"
        )
    if parts.fragment:
        raise WrongAddress(f"must be {FORM}, without a '#'")
    return {"bucket": _bucket(parts), "prefix": _prefix(parts), **_parameters(parts.query)}


def _bucket(parts: SplitResult) -> str:
    if not _BUCKET.fullmatch(parts.netloc):
        raise WrongAddress(
            f"must name a bucket, 3 to 63 lower-case letters, digits, dots and hyphens, not {parts.netloc!r}"
        )
    return parts.netloc


def _prefix(parts: SplitResult) -> str:
    prefix = parts.path.strip("/")
    if prefix and not _PREFIX.fullmatch(prefix):
        raise WrongAddress(f"may have a prefix of letters, digits, dots, underscores and hyphens, not {prefix!r}")
    return prefix


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in PARAMETERS:
            raise WrongAddress(f"takes the parameters {' and '.join(PARAMETERS)}, not {name!r}")
        if name in found:
            raise WrongAddress(f"has the parameter {name!r} twice")
        found[name] = _CHECKS[name](value)
    return found


def _endpoint_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        plain = parts.hostname and parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        plain = False
    if not plain or parts.scheme not in {"http", "https"} or not re.fullmatch(r"[!-~]+", value):
        raise WrongAddress("must have an http or https address as endpoint_url, such as https://s3.example.com")
    return value.rstrip("/")


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise WrongAddress(f"must have a region such as eu-central-1, not {value!r}")
    return value


_CHECKS = {"endpoint_url": _endpoint_url, "region": _region}
