"""Repositories that were renamed: seen by their recorded ids, remembered until an owner accepts the new names."""

from collections.abc import Iterable

from publishers.matching import Match
from publishers.models import Publisher
from publishers.providers.fields import Reading


def note(matches: Iterable[Match], reading: Reading) -> None:
    """Remember what a verified token calls the repositories of those publishers that know them by other names.

    Trusts nothing new: a person accepts it (``registration.accept_names``).
    """
    for match in matches:
        publisher = match.publisher
        names = publisher.issuer.kind.names(reading)
        if match.is_elsewhere and not match.is_another and publisher.renamed_to != names:
            unchanged = Publisher.objects.filter(pk=publisher.pk, generation=publisher.generation)
            unchanged.update(renamed_to=names)


def told(publisher: Publisher) -> dict[str, str] | None:
    """The names that were seen, for the people of its project, as far as they are told; None if there are none."""
    return publisher.renamed_to if publisher.tells_actual else None


def of(publisher: Publisher) -> str:
    """The place as it is called now, in words; empty where no other name was seen."""
    return publisher.issuer.kind.place(publisher.renamed_to) if publisher.renamed_to else ""
