"""Writing down the ids that never change, at the first granted exchange."""

from publishers.matching import Match
from publishers.models import Publisher
from publishers.providers.base import Reading


class Overtaken(Exception):
    """Another exchange, or a person, changed the publisher since it was read: read it again."""


def learn(match: Match, reading: Reading) -> None:
    """Pin what the token says where nothing is pinned yet, by one conditional update.

    Raises Overtaken when the pins are no longer those that the token was held against.
    """
    publisher = match.publisher
    learned = {pin.name: reading[pin.name] for pin in publisher.missing_pins() if reading.get(pin.name)}
    if not learned:
        return
    pins = {**publisher.pins, **learned}
    unchanged = Publisher.objects.filter(pk=publisher.pk, pins=publisher.pins, fingerprint=publisher.fingerprint)
    if not unchanged.update(pins=pins, unpinned_since=None):
        raise Overtaken
    publisher.pins = pins
