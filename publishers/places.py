"""From ``octo-org/sampleproject`` to what is indexed: a place at any provider, without asking which one."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.db.models import TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from publishers.letters import fold
from publishers.models import Issuer, Publisher
from publishers.providers.base import indexable

# A path of so many parts can be split between two or more fields in at most 2 ** (MOST_PARTS - 1) ways.
MOST_PARTS = 7
MOST_ISSUERS, MOST_PLACES = 50, 500
# What follows a repository in an address of GitHub, GitLab and Buildkite.
_WITHIN = re.compile(r"/(?:-|actions|blob|commit|commits|tree|releases|pull|builds)(?:/.*)?$")


def identities_of(text: str) -> list[str]:
    """Each form in which a place may stand in ``identity``: as it was written, and as providers fold it."""
    parts = place_in(text).split("/")
    if len(parts) > MOST_PARTS or not all(parts):
        return []
    spelled = {
        indexable(json.dumps(fields, ensure_ascii=False, separators=(",", ":")))
        for fields in _splits(parts)
        for fields in (fields, [fold(part) for part in fields])
    }
    return sorted(spelled)


def known_identities(text: str) -> list[str]:
    """Those, and at issuers whose claims an administrator named the places of which one claim says the text."""
    return sorted({*identities_of(text), *_named(text.strip())})


def _named(text: str) -> Iterator[str]:
    for issuer in Issuer.objects.exclude(identity_claims=[]).defer("keys")[:MOST_ISSUERS]:
        if len(issuer.identity_claims) == 1:
            yield issuer.kind.identity({issuer.identity_claims[0]: text})
            continue
        for name in issuer.identity_claims:
            said = Cast(KeyTextTransform(name, "values"), TextField())
            saying = Publisher.objects.filter(issuer=issuer).annotate(said=said)
            yield from saying.filter(said=text).values_list("identity", flat=True)[:MOST_PLACES]


def place_in(text: str) -> str:
    """The repository of an address, or the text itself."""
    text = text.strip()
    if "://" in text:
        text = _path(text)
    elif text.startswith("git@"):
        text = text.partition(":")[2]
    return _WITHIN.sub("", text).strip("/").removesuffix(".git")


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _splits(parts: list[str]) -> Iterator[list[str]]:
    """``a/b/c`` as one field, as two, as three."""
    if not parts:
        yield []
    for size in range(1, len(parts) + 1):
        first = "/".join(parts[:size])
        for rest in _splits(parts[size:]):
            yield [first, *rest]
