"""Switching a provider off at once, with all its issuers and every live upload token that came through them; or one."""

from django.db import transaction

from publishers import telling
from publishers.models import Issuer, SwitchedOff
from registry.actors import Actor
from registry.models import Event


def switch_off(switch: SwitchedOff, actor: Actor) -> None:
    """Store a new switch, with an event."""
    with transaction.atomic():
        switch.by = actor.name[:255]
        switch.save(force_insert=True)
        Event.objects.record("provider:switched-off", actor, provider=switch.provider, reason=switch.reason)
        telling.provider_switched(switch, actor, on=False)


def switch_on(switch: SwitchedOff, actor: Actor) -> None:
    """Take a switch away, with an event. Tokens that have not expired meanwhile open again what they opened."""
    with transaction.atomic():
        Event.objects.record("provider:switched-on", actor, provider=switch.provider)
        telling.provider_switched(switch, actor, on=True)
        switch.delete()


def set_enabled(issuer: Issuer, actor: Actor, *, on: bool, reason: str = "") -> bool:
    """Switch one issuer off or on, with an event and a mail; True if that changed something."""
    with transaction.atomic():
        if not Issuer.objects.filter(pk=issuer.pk, enabled=not on).update(enabled=on):
            return False
        issuer.enabled = on
        tag, what = ("issuer:switched-on", "was switched on") if on else ("issuer:switched-off", "was switched off")
        Event.objects.record(tag, actor, issuer=issuer.url, reason=reason)
        telling.issuer_changed(issuer, what, actor, [f"Why: {reason}"] if reason else [])
    return True
