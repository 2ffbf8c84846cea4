"""Providers that are switched off: superusers add and remove them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import IntegrityError
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from publishers import switches
from publishers.models import EVERY_PROVIDER, Issuer, SwitchedOff, switch_choices
from registry.actors import Actor
from registry.admin.base import DeletesOneByOne
from registry.admin.switchboard import PANELS, Lever, Panel
from registry.models import Event

# So many issuers have a lever on the page; others have their own page.
MOST_ISSUERS = 200


@admin.register(SwitchedOff)
class SwitchedOffAdmin(DeletesOneByOne):
    """Adding one switches a provider off at once, deleting it switches it on again."""

    list_display = ("__str__", "since", "by", "reason")
    search_fields = ("provider",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody's: it is there or it is not."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: SwitchedOff, form: Any, change: bool) -> None:  # noqa: FBT001
        """With an event."""
        switches.switch_off(obj, Actor.of(request))

    def delete_model(self, request: HttpRequest, obj: SwitchedOff) -> None:
        """With an event."""
        switches.switch_on(obj, Actor.of(request))


def _providers() -> list[Lever]:
    off = SwitchedOff.objects.in_bulk(field_name="provider")
    return [
        _off(name, str(label), off[name]) if name in off else Lever(name, str(label))
        for name, label in switch_choices()
    ]


def _off(name: str, label: str, row: SwitchedOff) -> Lever:
    further = _sweep("provider", name, label, row.reason)
    return Lever(name, label, "", True, row.since, row.by, row.reason, further=further)


def _sweep(kind: str, which: str, label: str, reason: str) -> tuple[str, str]:
    """Where what came that way is ended for good: a switch that is on again wakes it."""
    if which == EVERY_PROVIDER:
        return "", ""
    query = urlencode({"kind": kind, "which": which, "reason": reason})
    return f"Revoke what came from {label}", f"{reverse('admin:tokens_revoke')}?{query}"


def _provider_off(name: str, reason: str, actor: Actor) -> None:
    try:
        switches.switch_off(SwitchedOff(provider=name, reason=reason), actor)
    except IntegrityError:
        return  # somebody was faster


def _provider_on(name: str, actor: Actor) -> None:
    switch = SwitchedOff.objects.filter(provider=name).first()
    if switch is not None:
        switches.switch_on(switch, actor)


def _issuers() -> list[Lever]:
    lines = Event.objects.filter(tag="issuer:switched-off").order_by("-time")[:1000]
    last = {line.details.get("issuer"): line for line in reversed(lines)}
    levers = []
    for issuer in Issuer.objects.order_by("-enabled", "url").defer("keys")[:MOST_ISSUERS]:
        line = None if issuer.enabled else last.get(issuer.url)
        since, by, reason = (line.time, line.actor_name, line.details.get("reason", "")) if line else (None, "", "")
        further = ("", "") if issuer.enabled else _sweep("issuer", issuer.url, issuer.url, reason)
        levers.append(
            Lever(
                str(issuer.pk),
                str(issuer),
                issuer.url,
                not issuer.enabled,
                since,
                by,
                reason,
                spoken=f"the issuer {issuer.url}",
                further=further,
            )
        )
    return levers


def _issuer_off(key: str, reason: str, actor: Actor) -> None:
    switches.set_enabled(Issuer.objects.get(pk=key), actor, on=False, reason=reason)


def _issuer_on(key: str, actor: Actor) -> None:
    switches.set_enabled(Issuer.objects.get(pk=key), actor, on=True)


PANELS += [
    Panel(
        "providers",
        "Providers, with every issuer of their kind and all live tokens",
        _providers,
        _provider_off,
        _provider_on,
    ),
    Panel("issuers", "Issuers", _issuers, _issuer_off, _issuer_on),
]
