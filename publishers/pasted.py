"""Addresses of repositories, workflows and pipelines, as people copy them from a browser or from git."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from publishers.letters import has_control

MAX_LENGTH = 2000
# As git writes it: git@github.com:octo-org/sampleproject.git
_SCP = re.compile(r"(?:[A-Za-z0-9._-]+@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>(?!\d+/)[^/\s:][^\s]*)")


@dataclass(frozen=True)
class Address:
    """A host, with its port if it has one, and the parts of a path. The query is not looked at."""

    host: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self | None:
        """None if it is no address."""
        text = text.strip().removeprefix("<").removesuffix(">")
        if not text or len(text) > MAX_LENGTH or has_control(text):
            return None
        if "://" not in text:
            found = _SCP.fullmatch(text)
            text = f"ssh://{found['host']}/{found['path']}" if found else f"https://{text}"
        try:
            split = urlsplit(text)
            host, port = split.hostname, split.port
        except ValueError:
            return None
        path = tuple(part for part in unquote(split.path).split("/") if part)
        if not host or not path or has_control("".join(path)):
            return None
        host = host.removeprefix("www.")
        # The port of ssh says nothing of the web's.
        return cls(f"{host}:{port}" if port and split.scheme != "ssh" else host, path)

    def below(self, place: str) -> tuple[str, ...]:
        """The parts below ``HOST[:PORT][/PATH]``, the last without ``.git``; empty if it is elsewhere."""
        host, *folders = place.lower().split("/")
        above = [part.lower() for part in self.parts[: len(folders)]]
        if self.host.lower() != host or above != folders:
            return ()
        rest = self.parts[len(folders) :]
        return (*rest[:-1], rest[-1].removesuffix(".git")) if rest else ()
