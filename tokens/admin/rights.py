"""The page "Who could publish": a project, a span of time, and everybody who could."""

import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from publishers.models import Issuer
from registry import names
from registry.admin import links
from tokens import rights
from tokens.rights import Right
from tokens.spans import Span

SEEN = ("registry.view_event", "publishers.view_publisher", "tokens.view_apitoken", "tokens.view_provenance")


class WhenForm(forms.Form):
    """A project and some days, all of which count."""

    project = forms.CharField(max_length=names.MAX_NAME_LENGTH)
    since = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def clean(self) -> None:
        """From before to."""
        super().clean()
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            raise ValidationError("The first day comes after the last.")

    def span(self) -> Span:
        """From the first day's beginning to the last day's end."""
        until = self.cleaned_data["until"]
        return Span(_midnight(self.cleaned_data["since"]), _midnight(until) + datetime.timedelta(days=1))


def who(request: HttpRequest) -> HttpResponse:
    """Who could publish the project then."""
    if not request.user.has_perms(SEEN):
        raise PermissionDenied
    said = {**_this_month(), **request.GET.dict()}
    form = WhenForm(said if "project" in request.GET else None, initial=said)
    context: dict[str, Any] = {**admin.site.each_context(request), "title": "Who could publish", "form": form}
    if form.is_valid():
        found = rights.rights(form.cleaned_data["project"], form.span())
        named = {right.details.get("issuer", "") for right in found.publishers}
        issuers = {issuer.url: issuer for issuer in Issuer.objects.filter(url__in=named).defer("keys")}
        context |= {
            "found": found,
            "people": [_as_shown(right, right.who) for right in found.people],
            "publishers": [_as_shown(right, _described(right, issuers)) for right in found.publishers],
            "api_tokens": [_as_shown(right, right.who) for right in found.api_tokens],
            "waiting": [links.link(row) for row in found.waiting],
            "files": [{"row": row, "link": links.link(row)} for row in found.files],
            "project_link": links.link(found.project) if found.project else "",
        }
    return TemplateResponse(request, "admin/tokens/who.html", context)


def _as_shown(right: Right, text: str) -> dict[str, Any]:
    return {
        "right": right,
        "text": links.link(right.row, text) if right.row is not None else text,
        "event": links.link(right.event, "event") if right.event is not None else "",
        "gone": right.row is None,
    }


def _described(right: Right, issuers: dict[str, Issuer]) -> str:
    """The publisher as it was then, in its provider's words; by its fields where the issuer is gone."""
    fields = right.details.get("fields", {})
    issuer = issuers.get(right.details.get("issuer", ""))
    try:
        return f"{issuer.kind.label}: {issuer.kind.describe(fields)}" if issuer else str(fields)
    except (KeyError, TypeError, ValueError):  # fields of a provider that has others now
        return str(fields)


def _this_month() -> dict[str, str]:
    today = timezone.now().date()
    return {"since": today.replace(day=1).isoformat(), "until": today.isoformat()}


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)
