"""The job to copy, as ``docs/providers/NAME.md`` has it, with this registry's address and audience and the
publisher's own names in it: what the documents show and what a page shows cannot differ.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from publishers.models import Publisher

DOCS = Path(settings.BASE_DIR) / "docs"
HOST = "packages.example.com"
# What a client asks for in the job's environment: the audience in capitals, and this.
VARIABLE = "PACKAGES_EXAMPLE_COM_ID_TOKEN"

_SECTION = re.compile(r"^## (The (?:job|build script)\b[^\n]*)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_TWINE = re.compile(r"^## (With twine, in any job)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./@-]*")
# Words that YAML 1.1 reads as something else than a text.
_READ_OTHERWISE = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})


@dataclass(frozen=True)
class Line:
    """A line of a job, and whether it is one of those that matter."""

    text: str
    matters: bool


@dataclass(frozen=True)
class Part:
    """A paragraph, as texts every second of which is code; or a block of code."""

    words: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Job:
    """One way to publish."""

    title: str
    parts: tuple[Part, ...]


def of(publisher: Publisher) -> list[Job]:
    """Those of the publisher's provider, and twine's where the page has none of its own."""
    sections = _SECTION.findall(_page(f"providers/{publisher.issuer.provider}"))
    if publisher.issuer.kind.known_to_id and not any("twine" in title for title, _ in sections):
        sections += _TWINE.findall(_page("publishing"))
    return [Job(title, tuple(_parts(publisher, text))) for title, text in sections]


def file_of(publisher: Publisher) -> str:
    """The file that holds the job, if the publisher says it."""
    kind = publisher.issuer.kind
    return kind.job_file.format_map(publisher.values) if kind.job_file else ""


def _page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def _parts(publisher: Publisher, text: str) -> Iterator[Part]:
    end = 0
    for block in _BLOCK.finditer(text):
        yield from _paragraphs(publisher, text[end : block.start()])
        yield Part(lines=tuple(_lines(publisher, block[2])))
        end = block.end()
    yield from _paragraphs(publisher, text[end:])


def _paragraphs(publisher: Publisher, text: str) -> Iterator[Part]:
    for paragraph in text.split("\n\n"):
        words = " ".join(_LINK.sub(r"\1", paragraph).split())
        if words:
            yield Part(words=tuple(_here(publisher, words).split("`")))


def _lines(publisher: Publisher, text: str) -> Iterator[Line]:
    for line in text.splitlines():
        own = _own(publisher, line)
        if own is not None:
            yield Line(_here(publisher, own), "  # " in own or HOST in own)


def _own(publisher: Publisher, line: str) -> str | None:
    """The line with what the publisher's fields say; None for one about a field that is not set."""
    for name, shown in publisher.issuer.kind.in_job.items():
        if shown in line:
            value = publisher.values.get(name)
            key, _, _ = shown.rpartition(" ")
            return line.replace(shown, f"{key} {_quoted(str(value))}".strip()) if value else None
    return line


def _quoted(value: str) -> str:
    """As YAML has it: JSON's strings are YAML's too."""
    plain = _PLAIN.fullmatch(value) and value.lower() not in _READ_OTHERWISE
    return value if plain else json.dumps(value, ensure_ascii=False)


def _here(publisher: Publisher, text: str) -> str:
    audience = publisher.issuer.expected_audience
    variable = re.sub("[^A-Z0-9]", "_", audience.upper()) + "_ID_TOKEN"
    text = text.replace(f"https://{HOST}", settings.SITE_URL).replace(VARIABLE, variable)
    return text.replace(HOST, audience)
