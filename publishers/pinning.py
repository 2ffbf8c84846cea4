"""Writing down the ids that never change, at the first granted exchange."""

from collections.abc import Iterable
from typing import Any

from publishers.matching import Match
from publishers.models import Publisher
from publishers.providers.fields import Reading


class Overtaken(Exception):
    """Another exchange, or a person, changed what the token was held against since it was read: read it again."""


def has_to_learn(matches: Iterable[Match], reading: Reading) -> bool:
    """Whether the token says ids that are not pinned yet."""
    return any(_unknown(match.publisher, reading) for match in matches)


def learn(matches: Iterable[Match], reading: Reading) -> None:
    """Pin what the token says where nothing is pinned yet, each publisher by one conditional update.

    In the order of their keys, so that two exchanges never wait for each other. Raises Overtaken when the pins are
    no longer those that the token was held against.
    """
    for publisher in sorted((match.publisher for match in matches), key=lambda publisher: publisher.pk):
        _learn(publisher, reading)


def _learn(publisher: Publisher, reading: Reading) -> None:
    learned = _unknown(publisher, reading)
    if not learned:
        return
    pins = {**publisher.pins, **learned}
    unchanged = Publisher.objects.filter(pk=publisher.pk, pins=publisher.pins, generation=publisher.generation)
    pinned_identity = publisher.issuer.kind.pinned_identity(pins)
    if not unchanged.update(pins=pins, pinned_identity=pinned_identity, unpinned_since=None):
        raise Overtaken


def _unknown(publisher: Publisher, reading: Reading) -> dict[str, Any]:
    return {pin.name: reading[pin.name] for pin in publisher.missing_pins() if reading.get(pin.name)}
