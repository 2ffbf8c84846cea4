"""The HTML part of a mail, made from its text, so that each mail's words stand in one place.

A text is lines. Blank lines part them; a line is a paragraph; lines that are indented or begin with ``- `` are a list;
a line that ends in the address of a page of this registry is a link, and the last such line is the mail's button. The
last paragraph is the footer if it ends as ``mails/base.txt`` does.

Strangers have a say in texts: everything is escaped, and nothing but an address of this registry becomes a link.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.conf import settings
from django.template import engines
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from registry import addresses

# Within words that mail programs like to make links of: it lets long ones break, and keeps others from being links.
_BREAKS = re.compile(r"(?<=[./:@])(?=\S)")
_PREFIX = re.compile(r"\A\[[^\]]*\] ")  # the registry's name, which stands above
_LABEL = re.compile(r"(?P<label>[A-Za-z_][\w' ]{0,30}:) (?P<rest>.+)")


@dataclass(frozen=True)
class Part:
    """A paragraph or a list, whose lines are HTML already, and the button below it."""

    lines: list[SafeString]
    is_list: bool = False
    follows: bool = False  # a line above, without a blank one between
    url: str = ""

    @property
    def button(self) -> str:
        """What the button says."""
        return addresses.words_for(self.url)


def html(subject: Any, text: Any) -> str:
    """A page with the words of ``text``, headed by the subject."""
    body, footer = _parted(text.strip("\n"))
    links = [line for line in body.splitlines() if _link_line(line) and not _is_item(line)]
    context = {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "subject": _PREFIX.sub("", subject),
        "parts": list(_parts(body, links[-1] if links else None)),
        "footer": [_marked(line) for line in footer.splitlines()],
    }
    return engines["django"].get_template("mails/mail.html").render(context)


def _parted(text: str) -> tuple[str, str]:
    """Body and footer."""
    body, _, last = text.rpartition("\n\n")
    return (body, last) if last.endswith(f"{settings.SITE_NAME}, {settings.SITE_URL}") else (text, "")


def _parts(body: str, main: str | None) -> Iterator[Part]:
    """The parts of a body; ``main`` is the line that becomes a button."""
    for block in re.split(r"\n\s*\n", body):
        follows = False
        for is_list, lines in groupby(block.splitlines(), _is_item):
            if is_list:
                yield Part([_labelled(line.lstrip(" -")) for line in lines], is_list=True, follows=follows)
            for line in [] if is_list else lines:
                yield _paragraph(line, follows=follows, is_main=line == main)
                follows = line != main


def _paragraph(line: str, *, follows: bool, is_main: bool) -> Part:
    link = _link_line(line)
    if link is None:
        return Part([_labelled(line)], follows=follows)
    if is_main:
        return Part([_labelled(link["words"])] if link["words"] else [], follows=follows, url=link["url"])
    words = (link["words"] or link["url"]).rstrip(":")
    return Part([format_html('<a href="{}">{}</a>', link["url"], words)], follows=follows)


def _is_item(line: str) -> bool:
    return line.startswith(("  ", "- "))


def _link_line(line: str) -> re.Match[str] | None:
    return re.fullmatch(rf"(?:(?P<words>\S.*) )?(?P<url>{_site()}/\S*[^\s.])", line)


def _labelled(line: str) -> SafeString:
    parted = _LABEL.fullmatch(line)
    if parted is None:
        return _marked(line)
    return format_html('<span class="label">{}</span> {}', parted["label"], _marked(parted["rest"]))


def _marked(text: str) -> SafeString:
    """A line as HTML, in which the addresses of this registry are links."""
    pieces, end = [], 0
    for link in re.finditer(rf"{_site()}(?:/(?:[^\s<>\"]*[^\s<>\".,;:)])?)?(?=[.,;:)]*(?:\s|$))", text):
        pieces += [_breakable(text[end : link.start()]), format_html('<a href="{0}">{0}</a>', link[0])]
        end = link.end()
    return format_html_join("", "{}", ((piece,) for piece in [*pieces, _breakable(text[end:])]))


def _breakable(text: str) -> SafeString:
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in _BREAKS.split(text)))


def _site() -> str:
    return rf"(?<!\S){re.escape(settings.SITE_URL)}"
