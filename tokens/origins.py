"""Where a file was made, as everybody may read it who may see the file.

Of the claims only those that its provider names: who started the job and the like is for administrators.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from publishers.providers import PROVIDERS
from publishers.providers.base import Links, Provider


@dataclass(frozen=True)
class Fact:
    """A line about an upload, with an address where one can look."""

    label: str
    text: str
    url: str = ""


@dataclass(frozen=True)
class Origin:
    """A publisher, and the run by which it published."""

    publisher: str
    icon: str  # a file below templates/parts/icons/
    facts: tuple[Fact, ...] = ()
    # What is the publisher's own on the web: links of the project below it are verified.
    addresses: tuple[str, ...] = ()


def of(publisher: Mapping[str, Any], claims: Mapping[str, Any]) -> Origin | None:
    """What a provenance says of its publisher and claims; None when a person's token uploaded the file."""
    if not publisher:
        return None
    name, values = str(publisher.get("provider", "")), publisher.get("fields") or {}
    if name not in PROVIDERS:
        return Origin(name, Provider.icon)
    kind = PROVIDERS[name](str(publisher.get("issuer", "")))
    if kind.names_claims or not all(values.get(field.name) for field in kind.fields if field.locates):
        return Origin(kind.label, kind.icon, _described(publisher))
    return Origin(kind.label, kind.icon, tuple(_facts(kind, values, claims)), kind.addresses(values))


def _described(publisher: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Which fields and claims tell a workload of a generic issuer is the issuer's row's to know: in its words."""
    said = (("Issuer", publisher.get("issuer")), ("Workload", publisher.get("description")))
    return tuple(Fact(label, str(text)) for label, text in said if text)


def _facts(kind: Provider, values: Mapping[str, Any], claims: Mapping[str, Any]) -> list[Fact]:
    own, links = kind.addresses(values), kind.links(claims) if claims else Links()
    workload = [field for field in kind.fields if field.identity and not field.locates and values.get(field.name)]
    told = {label: str(claims[claim]) for label, claim in kind.told.items() if claims.get(claim)}
    urls = {"Commit": links.commit, kind.run_label: links.run}
    return [
        Fact(kind.place_label, kind.place(values), own[0] if own else ""),
        *(Fact(field.label, str(values[field.name])) for field in workload),
        *(Fact(label, text, urls.get(label, "")) for label, text in told.items()),
    ]
