"""What the templates of the pages below ``/manage/`` ask for."""

from django import template

from registry.manage import tabs
from registry.manage.access import Place

register = template.Library()


@register.simple_tag
def account_tabs(current: str) -> list[tabs.Tab]:
    """The tabs of a person's own pages."""
    return tabs.of_account(current)


@register.simple_tag
def project_tabs(place: Place, current: str) -> list[tabs.Tab]:
    """The tabs of a project's pages, as its owner or maintainer sees them."""
    return tabs.of_project(place.project, current, owner=place.is_owner)
