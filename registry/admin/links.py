"""The way along the chain, from one admin page to the next."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

NOTHING = "–"
# So many rows are named on a page; the list has the others.
MOST = 50


def page_of(row: Model) -> str:
    """The address of a row's own page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: type[Model], **query: Any) -> str:
    """The address of a list, filtered or searched."""
    return f"{reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist')}?{urlencode(query)}"


def link(row: Model | None, text: str = "") -> SafeString | str:
    """A link to a row, or a dash where it is gone."""
    return NOTHING if row is None else to(page_of(row), text or str(row))


def to(address: str, text: str) -> SafeString:
    """A link."""
    return format_html('<a href="{}">{}</a>', address, text)


def several(rows: Iterable[Model]) -> SafeString | str:
    """Links to rows, one below the other; MOST of them."""
    return lines(link(row) for row in rows)


def lines(parts: Iterable[SafeString | str]) -> SafeString | str:
    """Things one below the other, or a dash."""
    return format_html_join(SafeString("<br>"), "{}", ((part,) for part in parts)) or NOTHING


def outside(address: str) -> SafeString | str:
    """A link to another site, which is told nothing of where it stood."""
    if not address.startswith("https://"):
        return address or NOTHING
    return format_html('<a href="{0}" rel="noopener noreferrer">{0}</a>', address)
