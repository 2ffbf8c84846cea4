"""The page "Switches": everything that can be off, since when, by whom and why, and a button for each."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from registry import switches
from registry.actors import Actor
from registry.admin.base import RecordAdmin
from registry.models import Switch

MAX_REASON = 200


@dataclass(frozen=True)
class Lever:
    """One thing that is on or off."""

    key: str
    label: str
    effect: str = ""
    is_off: bool = False
    since: datetime.datetime | None = None
    by: str = ""
    reason: str = ""
    spoken: str = ""  # where the label alone would not tell it from another
    further: tuple[str, str] = ("", "")  # what else there is to do once it is off: in words, and where

    @property
    def name(self) -> str:
        """What nothing else on the page is called."""
        return self.spoken or self.label


@dataclass(frozen=True)
class Panel:
    """Levers of one kind. The floors above add theirs to PANELS."""

    name: str
    title: str
    levers: Callable[[], list[Lever]]
    off: Callable[[str, str, Actor], object]  # which, why, who
    on: Callable[[str, Actor], object]


EFFECTS = {
    switches.WRITING: "Every form, call, exchange and upload is refused but signing in, these switches, burning and "
    "revoking tokens. Reading goes on.",
    switches.UPLOADS: "Uploads are refused; exchanges and everything else go on.",
    switches.NEW_PROJECTS: "Uploads of projects that do not exist are refused. Administrators still create some.",
    switches.SIGN_UPS: "Nobody can register an account, whatever SIGNUP_OPEN says.",
}


def _levers() -> list[Lever]:
    off = Switch.objects.in_bulk(field_name="what")
    return [
        Lever(what.value, what.label, EFFECTS[what], *((True, row.since, row.by, row.reason) if row else ()))
        for what in Switch.What
        for row in [off.get(what)]
    ]


PANELS = [Panel("registry", "The registry", _levers, switches.switch_off, switches.switch_on)]


@admin.register(Switch)
class SwitchAdmin(RecordAdmin):
    """Superusers switch, on one page; there is nothing else to see of a switch."""

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    @switches.works_while_read_only
    def changelist_view(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """All panels; a form switches one lever."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._switch(request)
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": "Switches",
            "opts": self.opts,
            "panels": [{"panel": panel, "levers": panel.levers()} for panel in PANELS],
            "max_reason": MAX_REASON,
        }
        return TemplateResponse(request, "admin/registry/switch/switches.html", context)

    def _switch(self, request: HttpRequest) -> None:
        panel = next((panel for panel in PANELS if panel.name == request.POST.get("panel")), None)
        lever = panel and next((one for one in panel.levers() if one.key == request.POST.get("key")), None)
        if not panel or not lever:
            raise Http404("There is no such switch.")
        reason = "".join(letter for letter in request.POST.get("reason", "") if letter.isprintable())
        if request.POST.get("to") == "on":
            panel.on(lever.key, Actor.of(request))
            self.message_user(request, f"Switched on: {lever.name}.", messages.SUCCESS)
        else:
            panel.off(lever.key, reason.strip()[:MAX_REASON], Actor.of(request))
            self.message_user(request, f"Switched off: {lever.name}.", messages.WARNING)
