"""The dashboard on the admin's front page."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone

from tokens import charts, dashboard
from tokens.admin import find, rights
from tokens.charts import Bar, Column
from tokens.dashboard import Day

register = template.Library()


@register.inclusion_tag("admin/dashboard.html", takes_context=True)
def administrators_overview(context: Context) -> dict[str, Any]:
    """How exchanges went, for those who may see them, and what wants to be looked at."""
    user = context["user"]
    overview = dashboard.overview() if user.has_perm("tokens.view_exchange") else None
    last_day = timezone.now().date()
    return {
        "user": user,
        "may_find": user.has_perms(find.SEEN),
        "may_ask_who": user.has_perms(rights.SEEN),
        "first_day": last_day.replace(day=1),
        "last_day": last_day,
        "overview": overview,
        "exchanges": _exchanges(overview.days) if overview else [],
        "uploads": _uploads(overview.days) if overview else [],
        "size": {"width": charts.WIDTH, "height": charts.HEIGHT},
        "most": _most(overview.days) if overview else {},
        "concerns": dashboard.concerns(user),
        "troubled": dashboard.troubled_issuers() if user.has_perm("publishers.view_issuer") else [],
    }


def _exchanges(days: list[Day]) -> list[Bar]:
    return charts.bars(
        [
            Column(
                _label(day),
                f"{day.date:%Y-%m-%d}: {day.granted:,} granted, {day.refused:,} refused",
                day.exchanges_url(),
                [("granted", day.granted), ("refused", day.refused)],
            )
            for day in days
        ]
    )


def _uploads(days: list[Day]) -> list[Bar]:
    return charts.bars(
        [
            Column(
                _label(day),
                f"{day.date:%Y-%m-%d}: {day.uploaded:,} files",
                day.uploads_url(),
                [("uploaded", day.uploaded)],
            )
            for day in days
        ]
    )


def _label(day: Day) -> str:
    """Below a bar: Mondays are enough to find one's way."""
    return f"{day.date.day} {day.date:%b}" if day.date.weekday() == 0 else ""


def _most(days: list[Day]) -> dict[str, int]:
    """What the highest bars stand for."""
    return {
        "exchanges": max(day.granted + day.refused for day in days),
        "uploads": max(day.uploaded for day in days),
    }
