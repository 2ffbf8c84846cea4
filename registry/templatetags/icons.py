"""Icons within a page, from the files below ``templates/parts/icons/``."""

import re
from collections.abc import Iterable
from functools import cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_WRITTEN = re.compile(
    r'<svg class="icon(?P<brand> brand)?" viewBox="0 0 24 24" aria-hidden="true">(?P<drawing>.*)</svg>\s*'
)


@register.simple_tag
def icon(name: str) -> SafeString:
    """One icon. Where it stands several times: ``symbols`` once, and ``parts/use.html`` at each place."""
    return mark_safe(_file(name))  # noqa: S308, a file of ours


@register.simple_tag
def symbols(*names: str, also: Iterable[str] = ()) -> SafeString:
    """What ``parts/use.html`` draws on this page, each once. Nobody sees it here."""
    drawn = format_html_join("", "{}", ((_symbol(name),) for name in dict.fromkeys((*names, *also))))
    return format_html('<svg class="hidden" aria-hidden="true">{}</svg>', drawn)


@cache
def _file(name: str) -> str:
    return render_to_string(f"parts/icons/{name}.svg").strip()


@cache
def _symbol(name: str) -> SafeString:
    written = _WRITTEN.fullmatch(_file(name))
    assert written, f"{name}.svg is not written as the others are"
    return format_html(
        '<symbol id="icon-{}" viewBox="0 0 24 24"{}>{}</symbol>',
        name,
        mark_safe(' class="brand"' if written["brand"] else ""),  # noqa: S308, a word of ours
        mark_safe(written["drawing"]),  # noqa: S308, a file of ours
    )
