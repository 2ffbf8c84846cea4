"""At which issuer a publisher is to be added, and what a link or a pasted address fills in.

The names of a link's query are PyPI's: ``provider``, ``issuer_url``, and the fields' own. Whatever is wrong in it is
told and otherwise left alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from publishers.forms import form_field
from publishers.models import Issuer
from publishers.pasted import Address
from publishers.providers import PROVIDERS
from publishers.providers.base import Provider

# What a link may fill in besides the provider's fields.
OWN_NAMES = ("project_name", "label", "enabled", "expires_at")


@dataclass(frozen=True)
class Link:
    """One of a row of links."""

    label: str
    query: str
    current: bool
    icon: str = ""


@dataclass(frozen=True)
class Offer:
    """The issuers that are switched on, the one that is asked for, and what its form begins with."""

    issuers: Sequence[Issuer]
    chosen: Issuer | None
    problem: str = ""  # what of the link or the address cannot be had, as a sentence
    initial: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""  # as it was pasted
    address_problem: str = ""
    left_open: str = ""  # what of it was guessed, as a sentence

    @property
    def tabs(self) -> list[Link]:
        """One for each provider that has an issuer here."""
        here = {issuer.provider for issuer in self.issuers}
        chosen = self.chosen.provider if self.chosen else ""
        return [
            Link(kind.label, urlencode({"provider": name}), name == chosen, kind.icon)
            for name, kind in PROVIDERS.items()
            if name in here
        ]

    @property
    def siblings(self) -> list[Link]:
        """One for each issuer of the chosen provider, if there are several."""
        same = [issuer for issuer in self.issuers if self.chosen and issuer.provider == self.chosen.provider]
        links = [Link(str(issuer), query_of(issuer), issuer == self.chosen) for issuer in same]
        return links if len(links) > 1 else []

    @property
    def is_filled_in(self) -> bool:
        """Whether values came from a link or an address."""
        return bool(self.initial)


def query_of(issuer: Issuer) -> str:
    """The query that asks for the form at ``issuer``."""
    return urlencode({"provider": issuer.provider, "issuer_url": issuer.url})


def asked(query: QueryDict) -> Offer:
    """What a link asks for."""
    issuers = list(Issuer.objects.switched_on().filter(provider__in=PROVIDERS))
    address = str(query.get("address", "")).strip()
    if address:
        return _of_address(issuers, address, query)
    chosen, problem = _named_by(query, issuers)
    return Offer(issuers, chosen, problem, prefilled(chosen.kind, query) if chosen else {})


def prefilled(kind: Provider, query: QueryDict) -> dict[str, Any]:
    """The values that a link names, empty ones too."""
    others = {name: query[name] for name in (*(pin.name for pin in kind.pins), *OWN_NAMES) if name in query}
    widgets = {part.name: form_field(part).widget for part in kind.fields if _names(query, part.name)}
    return {**others, **{name: widget.value_from_datadict(query, {}, name) for name, widget in widgets.items()}}


def _names(query: QueryDict, field_name: str) -> bool:
    """Rules are several names: ``claims-0-claim``."""
    return any(key == field_name or key.startswith(f"{field_name}-") for key in query)


def posted(data: QueryDict) -> Offer:
    """What a form was sent for. An issuer that is not on any more is chosen, so that nothing typed is lost."""
    issuers = list(Issuer.objects.switched_on().filter(provider__in=PROVIDERS))
    named = _at(issuers, data)
    if named is not None:
        return Offer(issuers, named)
    off = _at(Issuer.objects.filter(provider__in=PROVIDERS), data)
    return Offer(issuers, off, "This issuer is switched off. Choose another one, or ask an administrator.")


def _at(issuers: Iterable[Issuer], data: QueryDict) -> Issuer | None:
    return next((issuer for issuer in issuers if issuer.url == data.get("issuer_url")), None)


def _named_by(query: QueryDict, issuers: Sequence[Issuer]) -> tuple[Issuer | None, str]:
    return _choose(issuers, str(query.get("provider", "")), str(query.get("issuer_url", "")))


def _choose(issuers: Sequence[Issuer], provider: str, url: str) -> tuple[Issuer | None, str]:
    named = [issuer for issuer in issuers if issuer.url.rstrip("/") == url.strip().rstrip("/")]
    if named:
        return named[0], ""
    same = [issuer for issuer in issuers if issuer.provider == provider] or _of_first_provider(issuers)
    chosen = min(same, key=lambda issuer: issuer.url != issuer.kind.default_issuer, default=None)
    if url.strip():
        return chosen, "The issuer that the link names is not switched on here. Ask an administrator to add it."
    if provider and (chosen is None or chosen.provider != provider):
        return chosen, "The provider that the link names is not switched on here. Ask an administrator."
    return chosen, ""


def _of_first_provider(issuers: Sequence[Issuer]) -> list[Issuer]:
    first = next((name for name in PROVIDERS if any(issuer.provider == name for issuer in issuers)), None)
    return [issuer for issuer in issuers if issuer.provider == first]


def _of_address(issuers: Sequence[Issuer], text: str, query: QueryDict) -> Offer:
    """What the address says, at whichever issuer has such ones; else the form that it was pasted into."""
    address, shown = Address.of(text), _named_by(query, issuers)[0]
    found, told = _reading(issuers, address)
    if found is not None and address is not None:
        return Offer(issuers, found, initial=told, address=text, left_open=found.kind.left_open(address))
    told = _bare(shown, text) if shown else {}
    if told:
        return Offer(issuers, shown, initial=told, address=text)
    off, _ = _reading(Issuer.objects.filter(enabled=False, provider__in=PROVIDERS), address)
    problem = (
        f"This is an address of {off}, which is switched off here. Ask an administrator to switch it on."
        if off
        else "No service that is switched on here has such an address. Paste the whole address of a repository or of a "
        "workflow file, or fill in the fields."
    )
    return Offer(issuers, shown, address=text, address_problem=problem)


def _bare(issuer: Issuer, text: str) -> dict[str, str]:
    """``octo-org/sampleproject`` at the issuer whose form it was pasted into, if all of it is a place there."""
    address = Address.bare(text, issuer.kind.site)
    told = issuer.kind.from_address(address) if address else None
    is_place = address and told and issuer.kind.place(told) == "/".join(address.below(issuer.kind.site))
    return told if told and is_place else {}


def _reading(issuers: Iterable[Issuer], address: Address | None) -> tuple[Issuer | None, dict[str, str]]:
    """The first issuer that reads the address, and what it reads in it."""
    for issuer in issuers if address else ():
        told = issuer.kind.from_address(address)  # type: ignore[arg-type]
        if told is not None:
            return issuer, told
    return None, {}
