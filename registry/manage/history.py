"""The history of a project, and of a person's account: in words, filtered, and as a file."""

import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry import wording
from registry.manage.access import Place, account_page, person, project_page
from registry.manage.exporting import FORMATS
from registry.models import Event
from registry.pages.paging import page_of

SIZE = 25  # of a page of the list
OF_PROJECTS = ("project:", "file:")
OF_ACCOUNTS = ("account:",)


class HistoryFilter(forms.Form):
    """Which events to show."""

    kind = forms.ChoiceField(required=False, label="What")
    who = forms.CharField(
        required=False,
        label="Who",
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    since = forms.DateField(required=False, label="Since", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any, kinds: list[str]) -> None:
        super().__init__(data, use_required_attribute=False)
        self.fields["kind"].choices = [("", "Everything"), *((kind, kind) for kind in kinds)]  # type: ignore[attr-defined]

    def clean(self) -> None:
        """A time that ends after it began."""
        super().clean()
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the first day.")

    def chosen(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """The events that are asked for, the newest first; none while the question is wrong."""
        if not self.is_valid():
            return events.none()
        asked = self.cleaned_data
        if asked["kind"]:
            events = events.filter(tag__in=wording.tags_of(asked["kind"]))
        if asked["who"]:
            events = wording.named(events, asked["who"])
        if asked["since"]:
            events = events.filter(time__gte=_moment(asked["since"], datetime.time.min))
        if asked["until"]:
            events = events.filter(time__lte=_moment(asked["until"], datetime.time.max))
        return events.order_by("-time", "-pk")


@require_safe
@project_page
def project_history(request: HttpRequest, place: Place) -> HttpResponseBase:
    """A project's history."""
    form = HistoryFilter(request.GET, wording.kinds(*OF_PROJECTS))
    context = {"place": place, "tab": "manage-history", **_shown(request, form, place.project.events.all())}
    return render(request, "manage/history/project.html", context)


@require_safe
@project_page
def project_export(request: HttpRequest, place: Place, form: str) -> HttpResponseBase:
    """A project's history as a file."""
    filtered = HistoryFilter(request.GET, wording.kinds(*OF_PROJECTS)).chosen(place.project.events.all())
    return _exported(request, filtered, form, f"{place.project.normalized_name}-history")


@require_safe
@account_page
def account_history(request: HttpRequest) -> HttpResponseBase:
    """A person's own history."""
    form = HistoryFilter(request.GET, wording.kinds(*OF_ACCOUNTS))
    context = {"tab": "manage-account-history", **_shown(request, form, person(request).events.all())}
    return render(request, "manage/history/account.html", context)


@require_safe
@account_page
def account_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """A person's own history as a file."""
    filtered = HistoryFilter(request.GET, wording.kinds(*OF_ACCOUNTS)).chosen(person(request).events.all())
    return _exported(request, filtered, form, "account-history")


def _shown(request: HttpRequest, form: HistoryFilter, events: QuerySet[Event]) -> dict[str, Any]:
    page = page_of(form.chosen(events), request, SIZE)
    lines = wording.said(page.rows)
    is_filtered = any(request.GET.get(name) for name in form.fields)
    hides = any(line.is_hidden for line in lines)
    asked = request.GET.copy()
    asked.pop("page", None)
    return {
        "form": form,
        "page": page,
        "lines": lines,
        "is_filtered": is_filtered,
        "hides": hides,
        "asked": asked.urlencode(),
    }


def _exported(request: HttpRequest, events: QuerySet[Event], form: str, stem: str) -> HttpResponseBase:
    if form not in FORMATS:
        raise Http404("The history is exported as csv or json.")
    response = FORMATS[form](events, stem)
    if request.method == "HEAD":
        response.streaming_content = ()  # nothing is read that nobody sees
    return response


def _moment(day: datetime.date, time: datetime.time) -> datetime.datetime:
    return datetime.datetime.combine(day, time, datetime.UTC)
