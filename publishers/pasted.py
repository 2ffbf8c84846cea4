"""Addresses of repositories, workflows and pipelines, as people copy them from a browser or from git."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from publishers.letters import has_control

MAX_LENGTH = 2000
# As git writes it: git@github.com:octo-org/sampleproject.git
_SCP = re.compile(r"(?:[A-Za-z0-9._-]+@)?(?P<host>[A-Za-z0-9.-]+):/?(?P<path>(?!\d+/)[^/\s:][^\s]*)")
# A first part with a dot is a host.
_BARE = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9._-]+)+/?")
# What stands before REF/PATH where GitHub and GitLab show a file.
SHOWN_FILE = frozenset({"blame", "blob", "edit", "raw"})


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
        return cls(f"{host}:{port}" if port and split.scheme not in {"ssh", "git+ssh"} else host, path)

    @classmethod
    def bare(cls, text: str, site: str) -> Self | None:
        """``octo-org/sampleproject`` without a host, at ``HOST[:PORT][/PATH]``; None if it is something else."""
        text = text.strip()
        return cls.of(f"https://{site}/{text}") if site and _BARE.fullmatch(text) else None

    def below(self, place: str) -> tuple[str, ...]:
        """The parts below ``HOST[:PORT][/PATH]``, the last without ``.git``; empty if it is elsewhere."""
        host, *folders = place.lower().removeprefix("www.").split("/")
        above = [part.lower() for part in self.parts[: len(folders)]]
        if self.host.lower() != host or above != folders:
            return ()
        rest = self.parts[len(folders) :]
        return (*rest[:-1], rest[-1].removesuffix(".git")) if rest else ()


def file_in(folder: str, parts: tuple[str, ...]) -> str:
    """The YAML file of ``blob/REF/FOLDER/FILE``; empty if it is none or does not lie right in that folder."""
    *above, file = parts or ("",)
    # A ref has one part or more, whatever they are called.
    within = "/".join(above[2:]) if above[:1] and above[0] in SHOWN_FILE else ""
    is_there = within == folder or within.endswith(f"/{folder}")
    return file if is_there and is_yaml(file) else ""


def is_yaml(file: str) -> bool:
    """Whether it may be a workflow or a pipeline by its name."""
    return file.endswith((".yml", ".yaml"))
