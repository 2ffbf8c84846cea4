"""The help pages: ``docs/`` as they hold for this registry."""

import functools
import posixpath
import re
from html import escape
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from registry.descriptions import rendering
from registry.pages import topics
from registry.pages.topics import Topic
from registry.reading import Reader, page_for_readers

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s:]+)\)")
# What is said to those who read the file elsewhere, where it speaks of an example.
_ELSEWHERE = re.compile(r"<!-- elsewhere -->.*?<!-- here -->\n*", re.DOTALL)
_EXAMPLE = re.compile(r"(https://|@)?(?<![\w.-])packages\.example\.com(?![\w.-]|:\d)")


@require_safe
@page_for_readers
@cache_control(private=True, no_cache=True)
def index(request: HttpRequest, reader: Reader) -> HttpResponseBase:  # noqa: ARG001  who may read is checked
    """What there is to read."""
    return render(request, "help/index.html", {"shelves": topics.shelves()})


@require_safe
@page_for_readers
@cache_control(private=True, no_cache=True)
def topic(request: HttpRequest, reader: Reader, slug: str) -> HttpResponseBase:  # noqa: ARG001  who may read is checked
    """One file of ``docs/``."""
    found = topics.find(slug)
    if found is None:
        raise Http404("There is no help page of this name.")
    context = {"topic": found, "text": _shown(found), "shelves": topics.shelves()}
    return render(request, "help/topic.html", context)


def _shown(topic: Topic) -> SafeString:
    """As HTML; on a busy machine the file as it is."""
    text = _of_this_registry(topic)
    try:
        html = _rendered(text)
    except rendering.NotNow:
        html = ""
    return mark_safe(html or f"<pre>{escape(text)}</pre>")  # noqa: S308  cleaned, or escaped


@functools.lru_cache(maxsize=100)
def _rendered(text: str) -> str:
    return rendering.rendered(text, "text/markdown", own=True)


def _of_this_registry(topic: Topic) -> str:
    """The file without its title, with this registry's addresses and with links to the other help pages."""
    text = topic.path.read_text(encoding="utf-8").partition("\n")[2]
    folder = posixpath.dirname(topic.name)
    linked = _LINK.sub(lambda link: _relinked(link, folder), _ELSEWHERE.sub("", text))
    return _EXAMPLE.sub(lambda match: _own(match.group(1)), linked)


def _relinked(link: re.Match[str], folder: str) -> str:
    label, target = link.groups()
    path, _, anchor = target.partition("#")
    if not path:
        return link.group()
    url = topics.url_of(posixpath.normpath(posixpath.join(folder, path)).removesuffix(".md"))
    if not url:
        return label
    return f"[{label}]({url}#{rendering.ANCHOR}{anchor})" if anchor else f"[{label}]({url})"


def _own(before: str | None) -> str:
    """An address, a host behind credentials, or else the audience."""
    if before == "https://":
        return settings.SITE_URL
    return f"@{urlsplit(settings.SITE_URL).netloc}" if before else settings.OIDC_AUDIENCE
