"""Back from the second factor to what needed it."""

from django import template
from django.conf import settings
from django.template import RequestContext

from registry.accounts import stepup, suspending

register = template.Library()


@register.simple_tag(takes_context=True)
def way_back(context: RequestContext) -> str:
    """The page from which a person was sent to set up a second factor, once they have one; else empty."""
    request = context["request"]
    back: str = request.session.get(suspending.AFTERWARDS, "")
    return back if back and stepup.has_second_factor(request) else ""


@register.simple_tag
def signup_is_open() -> bool:
    """SIGNUP_OPEN."""
    return bool(settings.SIGNUP_OPEN)
