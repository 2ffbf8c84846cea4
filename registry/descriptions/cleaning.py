"""What ``readme_renderer`` lets through, fitted into a page of ours.

Its cleaner (nh3) writes every tag in one form, so that a pattern finds them all: lower case, attributes in double
quotes, ``<`` in texts escaped.
"""

import re
from collections.abc import Callable
from html import escape, unescape

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+=\"[^\"]*\")*)\s*/?>")
_ATTRIBUTE = re.compile(r"([a-z-]+)=\"([^\"]*)\"")
_HEADING = re.compile(r"h[1-6]\Z")
# Pygments' short names; every other class would be one of our own style sheet's.
_HIGHLIGHT = re.compile(r"[a-z][a-z0-9]?\Z")
PREFIX = "user-content-"
_ABSOLUTE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)

# What renderers add to headings, for a symbol that a style sheet would draw.
_EMPTY_LINK = r"<a[^>]*></a>"
# Markdown has no table without one.
_EMPTY_HEAD = r"<thead>\s*<tr>(?:\s*<th[^>]*>\s*</th>)+\s*</tr>\s*</thead>"
_EMPTY = re.compile(f"{_EMPTY_LINK}|{_EMPTY_HEAD}")

Attributes = dict[str, str]


def fitted(html: str, *, deeper: int, own: bool) -> str:
    """``html`` with its headings ``deeper``, its ids apart from the page's and its images as links.

    The policy of our pages loads no image from elsewhere. Only our ``own`` texts link to addresses of this registry.
    """
    return _EMPTY.sub("", _TAG.sub(_Fitting(deeper, own=own), html))


class _Fitting:
    """Rewrites one tag after the other; remembers whether it is inside a link."""

    def __init__(self, deeper: int, *, own: bool) -> None:
        self.deeper = deeper
        self.own = own
        self.in_link = False
        self.special: dict[str, Callable[[Attributes], str]] = {
            "a": self._link,
            "img": self._image,
            "input": _box,
        }

    def __call__(self, match: re.Match[str]) -> str:
        closing, name, rest = match.groups()
        if closing:
            self.in_link = self.in_link and name != "a"
            return f"</{self._renamed(name)}>"
        attributes = {key: unescape(value) for key, value in _ATTRIBUTE.findall(rest)}
        if name in self.special:
            return self.special[name](attributes)
        if name == "pre":  # wide ones are scrolled, by the keyboard too
            return _tag(name, {**_tame(name, attributes), "tabindex": "0"})
        return _tag(self._renamed(name), _tame(name, attributes))

    def _renamed(self, name: str) -> str:
        return f"h{min(6, int(name[1]) + self.deeper)}" if _HEADING.match(name) else name

    def _link(self, attributes: Attributes) -> str:
        self.in_link = True
        kept = _tame("a", {key: value for key, value in attributes.items() if key in {"id", "title"}})
        href = attributes.get("href", "")
        if href.startswith("#"):
            kept["href"] = f"#{_apart(href[1:])}"
        elif _ABSOLUTE.match(href):
            kept |= {"href": href, "rel": "nofollow noopener"}
        elif self.own and href.startswith("/") and not href.startswith("//"):
            kept["href"] = href
        return _tag("a", kept)

    def _image(self, attributes: Attributes) -> str:
        alternative, source = attributes.get("alt", "").strip(), attributes.get("src", "")
        if self.in_link or not _ABSOLUTE.match(source):
            return escape(alternative or ("Image" if self.in_link else ""))
        link = _tag("a", {"href": source, "rel": "nofollow noopener"})
        return f"{link}{escape(f'Image: {alternative}' if alternative else 'Image')}</a>"


def _box(attributes: Attributes) -> str:
    """Of a list of tasks: nobody can tick it."""
    return "☑" if "checked" in attributes else "☐"


def _tame(name: str, attributes: Attributes) -> Attributes:
    kept = {key: value for key, value in attributes.items() if key not in {"class", "lang"}}
    if "id" in kept:
        kept["id"] = _apart(kept["id"])
    if name == "span" and _HIGHLIGHT.match(attributes.get("class", "")):
        kept["class"] = attributes["class"]
    return kept


def _apart(name: str) -> str:
    return name if name.startswith(PREFIX) else PREFIX + name


def _tag(name: str, attributes: Attributes) -> str:
    said = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{said}>"
