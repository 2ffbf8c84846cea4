"""What filters of lists have in common."""

import django_filters

from registry.moments import in_the_calendar


def after(column: str) -> django_filters.IsoDateTimeFilter:
    """At that moment or later."""
    return _moment(column, "gte", "At this moment or later, such as 2027-01-31T12:00:00Z.")


def before(column: str) -> django_filters.IsoDateTimeFilter:
    """Earlier."""
    return _moment(column, "lt", "Before this moment, such as 2027-01-31T12:00:00Z.")


def _moment(column: str, lookup: str, label: str) -> django_filters.IsoDateTimeFilter:
    return django_filters.IsoDateTimeFilter(
        field_name=column, lookup_expr=lookup, label=label, validators=[in_the_calendar]
    )
