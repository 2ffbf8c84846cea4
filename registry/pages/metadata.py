"""What a release's core metadata says, for people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Any
from urllib.parse import urlsplit

from registry.pages.verified import is_verified

MAX_LICENSE = 100


@dataclass(frozen=True)
class Link:
    """An address that the metadata names and that is safe to follow."""

    label: str
    url: str


@dataclass(frozen=True)
class Details:
    """The side column of a release."""

    verified: list[Link]
    unverified: list[Link]
    meta: list[tuple[str, str]]
    classifiers: dict[str, list[str]]
    keywords: list[str]

    @property
    def has_unverified(self) -> bool:
        """Whether the metadata says anything that nobody checked."""
        return bool(self.unverified or self.meta or self.classifiers or self.keywords)


def details(metadata: Mapping[str, Any], own: Iterable[str]) -> Details:
    """All of it; ``own`` are the addresses of those that uploaded the files."""
    addresses, links = tuple(own), _links(metadata)
    verified = [link for link in links if is_verified(link.url, addresses)]
    return Details(
        verified=verified,
        unverified=[link for link in links if link not in verified],
        meta=[(label, text) for label, text in _meta(metadata) if text],
        classifiers=_classifiers(metadata.get("classifiers") or []),
        keywords=[word for word in metadata.get("keywords") or [] if word],
    )


def _meta(metadata: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Requires Python", metadata.get("requires_python") or ""),
        ("License", metadata.get("license_expression") or _shortened(metadata.get("license") or "")),
        ("Author", _people(metadata, "author")),
        ("Maintainer", _people(metadata, "maintainer")),
        ("Provides extra", ", ".join(metadata.get("provides_extra") or [])),
    ]


def _links(metadata: Mapping[str, Any]) -> list[Link]:
    named = dict(metadata.get("project_urls") or {})
    for label, key in (("Home page", "home_page"), ("Download", "download_url")):
        if metadata.get(key):
            named.setdefault(label, metadata[key])
    return [Link(label, url) for label, url in named.items() if _is_web_address(url)]


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def _people(metadata: Mapping[str, Any], who: str) -> str:
    """Names and mail addresses as text; the one field often repeats the other."""
    name, mails = metadata.get(who) or "", metadata.get(f"{who}_email") or ""
    said = [f"{person} <{mail}>" if person and mail else person or mail for person, mail in getaddresses([mails])]
    named = [name] if name and not any(one.startswith(name) for one in said) else []
    return ", ".join(one for one in named + said if one)


def _shortened(text: str) -> str:
    """Older metadata holds whole licences."""
    first = text.strip().partition("\n")[0]
    return first if len(first) <= MAX_LICENSE else f"{first[:MAX_LICENSE]}…"


def _classifiers(classifiers: Iterable[str]) -> dict[str, list[str]]:
    """By their first part, in their order."""
    groups: dict[str, list[str]] = {}
    for classifier in classifiers:
        topic, _, rest = classifier.partition(" :: ")
        groups.setdefault(topic, []).append(rest or topic)
    return groups
