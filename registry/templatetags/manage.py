"""What the templates of the pages below ``/manage/`` ask for."""

from django import template
from django.template.context import Context
from django.urls import NoReverseMatch, reverse

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


@register.simple_tag
def address(page: str, **arguments: object) -> str:
    """A page of a floor above, by the name of its address; empty if there is none."""
    try:
        return reverse(page, kwargs=arguments)
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def is_current(context: Context, name: str) -> bool:
    """Whether the page is at the address called ``name``."""
    match = getattr(context.get("request"), "resolver_match", None)
    return match is not None and match.view_name == name
