"""What a list of exchanges can be narrowed to."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone

from publishers.errors import InvalidPendingPublisher, InvalidPublisher, InvalidToken
from publishers.models import Publisher
from tokens.models import Exchange

MAX_ID = 2**63 - 1
# A refusal is recorded for a project with one of these.
CODES = (InvalidPublisher.code, InvalidPendingPublisher.code, InvalidToken.code)


class ExchangeFilter(forms.Form):
    """The list's query; a wrong value is told beside its field, and narrows nothing."""

    outcome = forms.ChoiceField(choices=[("", "Any"), *Exchange.Outcome.choices], required=False)
    publisher = forms.IntegerField(required=False, min_value=1, max_value=MAX_ID, widget=forms.Select)
    code = forms.ChoiceField(choices=[("", "Any"), *((code, code) for code in CODES)], required=False)
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, data: Any, publishers: list[Publisher]) -> None:
        super().__init__(data)
        choices = [("", "Any"), *((str(one.pk), one.label or one.description) for one in publishers)]
        asked = self["publisher"].value()
        if asked and asked not in dict(choices):
            choices.append((asked, "another one"))
        self.fields["publisher"].widget.choices = choices

    @property
    def wanted(self) -> dict[str, Any]:
        """As ``tokens.listing.of_project`` takes it."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        for name, days in (("since", 0), ("until", 1)):
            if name in given:
                given[name] = _midnight(given[name], days)
        return given

    @property
    def is_narrow(self) -> bool:
        """Whether anything is asked for."""
        return any(self.data.get(name) for name in self.fields)


def _midnight(day: datetime.date, days_later: int) -> datetime.datetime:
    later = day.toordinal() + days_later
    day = datetime.date.fromordinal(min(later, datetime.date.max.toordinal()))
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
