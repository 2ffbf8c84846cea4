"""What can be switched off in the whole registry, and who is refused while it is.

A switch is a row (``Switch``): all machines see it at once, and what is refused asks for it when it would do something.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from registry import telling
from registry.actors import Actor
from registry.models import Event, Switch

View = TypeVar("View", bound=Callable[..., Any])

WRITING, UPLOADS = Switch.What.WRITING, Switch.What.UPLOADS
NEW_PROJECTS, SIGN_UPS = Switch.What.NEW_PROJECTS, Switch.What.SIGN_UPS

_CODES = {WRITING: "read-only", UPLOADS: "uploads-off", NEW_PROJECTS: "new-projects-off", SIGN_UPS: "sign-ups-off"}


class SwitchedOff(Exception):
    """What was asked for is switched off; the message is a sentence for people, ``code`` for machines."""

    def __init__(self, switch: Switch) -> None:
        what = Switch.What(switch.what)
        why = f" {switch.reason}" if switch.reason else ""
        super().__init__(f"{switch.sentence}{why}")
        self.code = _CODES[what]
        self.is_read_only = what == WRITING


def check(*what: str) -> None:
    """Raise SwitchedOff if any of these is off, or everything that writes: one query."""
    off = {switch.what: switch for switch in Switch.objects.filter(what__in=[*what, WRITING])}
    first = next((off[name] for name in (WRITING, *what) if name in off), None)
    if first is not None:
        raise SwitchedOff(first)


def is_off(what: str) -> bool:
    """Whether that is off, or everything that writes."""
    return Switch.objects.filter(what__in=[what, WRITING]).exists()


def switch_off(what: str, reason: str, actor: Actor) -> bool:
    """Switch something off at once, with an event and a mail to superusers; True unless it was off."""
    switch = Switch(what=what, reason=reason, by=actor.name[:255])
    try:
        with transaction.atomic():
            switch.save(force_insert=True)
            Event.objects.record("registry:switched-off", actor, what=what, reason=reason)
            telling.switched(switch, actor, on=False)
    except IntegrityError:
        return False
    return True


def switch_on(what: str, actor: Actor) -> bool:
    """Switch it on again, the same way; True unless it was on."""
    with transaction.atomic():
        switch = Switch.objects.select_for_update().filter(what=what).first()
        if switch is None:
            return False
        switch.delete()
        Event.objects.record("registry:switched-on", actor, what=what)
        telling.switched(switch, actor, on=True)
    return True


def works_while_read_only(view: View) -> View:
    """Mark a view that may be sent forms while everything that writes is off: it undoes harm, or writes nothing."""
    view.works_while_read_only = True  # type: ignore[attr-defined]
    return view
