"""Moments that people and programs write."""

import datetime

from django.core.exceptions import ValidationError


def in_the_calendar(moment: datetime.datetime) -> None:
    """Raise ValidationError unless it is far enough from the ends of the calendar for every offset from UTC."""
    if not datetime.MINYEAR < moment.year < datetime.MAXYEAR:
        raise ValidationError("Give a year from 2 to 9998.", code="invalid")
