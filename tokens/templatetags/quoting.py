"""How pages show what sentences quote."""

import re

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_QUOTED = re.compile(r"`([^`]*)`")


@register.filter
def quoted(sentence: str) -> SafeString:
    """What stands in backquotes as code; all of it escaped."""
    return mark_safe(_QUOTED.sub(r"<code>\1</code>", conditional_escape(sentence)))  # noqa: S308  # escaped before
