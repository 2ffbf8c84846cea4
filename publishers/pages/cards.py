"""A publisher as the pages show it."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import timezone

from publishers import renaming, uses
from publishers.models import UNPINNED_LIFETIME, Publisher
from publishers.pages.desk import Desk
from publishers.providers.fields import Pin
from publishers.uses import Use

# What can be done with one, by the addresses' names.
ACTIONS = ("edit", "job", "switch", "forget", "remove", "names")


@dataclass(frozen=True)
class Card:
    """One publisher, when it was last used, and where it is looked after."""

    publisher: Publisher
    urls: Mapping[str, str]
    use: Use | None = None

    @property
    def chips(self) -> list[tuple[str, str]]:
        """The constraints that are set, as pairs (label, value), but for those that the identity's line says."""
        said = self.publisher.description
        return [
            (part.label, "" if part.stores is bool else text)
            for part in self.publisher.issuer.kind.fields
            for text in [part.spoken(self.publisher.values.get(part.name))]
            if text and not part.identity and text not in said
        ]

    @property
    def pins(self) -> list[tuple[Pin, str]]:
        """The ids that are recorded."""
        known = self.publisher.pins
        return [(pin, known[pin.name]) for pin in self.publisher.issuer.kind.pins if known.get(pin.name)]

    @property
    def dead(self) -> str | None:
        """Why nobody can publish by it now, as a sentence."""
        issuer = self.publisher.issuer
        if getattr(self.publisher, "provider_off", False):
            return f"An administrator switched {issuer.kind.label} off: nothing is published through it meanwhile."
        if not issuer.enabled:
            return f"An administrator switched the issuer {issuer.url} off: nothing is published through it meanwhile."
        return self.publisher.why_dead()

    @property
    def must_be_used_until(self) -> datetime.datetime | None:
        """When it dies unless it is used, because its ids are not known."""
        since = self.publisher.unpinned_since
        pending = self.publisher.is_pending  # goes at that time in any case
        return since + UNPINNED_LIFETIME if since and not self.dead and not pending else None

    @property
    def has_expired(self) -> bool:
        """Whether its date is over."""
        return self.publisher.expires_at is not None and self.publisher.expires_at <= timezone.now()

    @property
    def renamed(self) -> str:
        """What its repository is called now, if another name was seen."""
        return renaming.of(self.publisher) if renaming.told(self.publisher) else ""


def cards(desk: Desk, publishers: Iterable[Publisher]) -> list[Card]:
    """One for each of ``publishers``, for the page that lists them: its addresses are seen from there, and short."""
    rows, here = list(publishers), desk.url()
    used = uses.last_uses(desk.project, rows) if desk.project and rows else {}
    return [
        Card(row, {action: desk.url(action, row).removeprefix(here) for action in ACTIONS}, used.get(row.pk))
        for row in rows
    ]


def card(desk: Desk, publisher: Publisher) -> Card:
    """One publisher's, for a page of its own."""
    return Card(publisher, {action: desk.url(action, publisher) for action in ACTIONS})
