"""Switching a provider off at once, with all its issuers and every live upload token that came through them."""

from django.db import transaction

from publishers import telling
from publishers.models import SwitchedOff
from registry.actors import Actor
from registry.models import Event


def switch_off(switch: SwitchedOff, actor: Actor) -> None:
    """Store a new switch, with an event."""
    with transaction.atomic():
        switch.save(force_insert=True)
        Event.objects.record("provider:switched-off", actor, provider=switch.provider, reason=switch.reason)
        telling.provider_switched(switch, actor, on=False)


def switch_on(switch: SwitchedOff, actor: Actor) -> None:
    """Take a switch away, with an event. Tokens that have not expired meanwhile open again what they opened."""
    with transaction.atomic():
        Event.objects.record("provider:switched-on", actor, provider=switch.provider)
        telling.provider_switched(switch, actor, on=True)
        switch.delete()
