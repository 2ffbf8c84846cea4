"""Source distributions: a gzipped tar with one folder, which has a PKG-INFO (PEP 625, PEP 643)."""

import posixpath
from pathlib import Path

from packaging.version import Version

from registry.uploads.archives import (
    MAX_ENTRIES,
    MAX_METADATA,
    Contents,
    check_folders,
    check_is_for,
    check_path,
    most_expanded,
    too_many,
)
from registry.uploads.errors import InvalidDistribution, shown
from registry.uploads.tars import Entry, Kind, Tar, Unpacked


def read(path: Path, name: str, version: Version) -> Contents:
    """What the sdist at ``path`` holds, once it is found to be one. Raises InvalidDistribution, or what zlib does."""
    metadata: bytes | None = None
    tree = _Tree(name, version)
    with path.open("rb") as file:
        tar = Tar(Unpacked(file, most_expanded(path.stat().st_size)))
        for entry in tar:
            if tree.add(entry) == f"{tree.top}/PKG-INFO" and entry.is_file:
                metadata = tar.read(MAX_METADATA)
    tree.check()
    if metadata is None:
        raise InvalidDistribution(f"PKG-INFO not found at {tree.top}/PKG-INFO.")
    return Contents(metadata, frozenset(tree.files), tree.top)


class _Tree:
    """The paths of an sdist, all in one folder."""

    def __init__(self, name: str, version: Version) -> None:
        self.name, self.version = name, version
        self.top = ""
        self.files: set[str] = set()
        self.links: set[str] = set()
        self.folders: set[str] = set()

    def add(self, entry: Entry) -> str:
        """Take an entry in, if it may be here; returns its path without ornaments."""
        path = _plain(entry)
        if not path:
            return path
        check_path(path)
        self._check_top(path.split("/")[0])
        if len(self.files) + len(self.links) + len(self.folders) >= MAX_ENTRIES:
            raise too_many()
        if entry.kind == Kind.FOLDER:
            self.folders.add(path)
            return path
        if path in self.files or path in self.links:
            raise InvalidDistribution(f"{shown(path)} is in it twice.")
        if entry.kind == Kind.SYMBOLIC_LINK:
            self._check_link(path, entry.target)
        elif entry.kind == Kind.HARD_LINK:
            self._check_hard_link(path, entry.target)
        (self.files if entry.is_file else self.links).add(path)
        return path

    def check(self) -> None:
        """What can be told only at the end."""
        if not self.top:
            raise InvalidDistribution("It is empty.")
        others = self.files | self.links
        for path in others & self.folders:
            raise InvalidDistribution(f"{shown(path)} is in it twice.")
        check_folders(others | self.folders, others)

    def _check_top(self, folder: str) -> None:
        if folder == self.top:
            return
        if self.top:
            raise InvalidDistribution("Incorrect number of top-level directories in sdist.")
        check_is_for(folder, self.name, self.version)
        self.top = folder

    def _check_link(self, path: str, target: str) -> None:
        """Its target must lie in the folder; ``..`` only leads it, so that it means the same through other links."""
        climbs = target.split("/")
        while climbs and climbs[0] == "..":
            climbs.pop(0)
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if not target or target.startswith("/") or ".." in climbs or "\\" in target or not target.isprintable():
            raise InvalidDistribution(f"The link {shown(path)} leads to {shown(target)}.")
        if inside != self.top and not inside.startswith(f"{self.top}/"):
            raise InvalidDistribution(f"The link {shown(path)} leads out to {shown(target)}.")

    def _check_hard_link(self, path: str, target: str) -> None:
        if target.removeprefix("./") not in self.files:
            raise InvalidDistribution(f"The link {shown(path)} leads to {shown(target)}, which is no file before it.")


def _plain(entry: Entry) -> str:
    path = entry.path.removeprefix("./")
    if entry.kind == Kind.FOLDER:
        path = path.removesuffix("/")
    return "" if entry.kind == Kind.FOLDER and path == "." else path
