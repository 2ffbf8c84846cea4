"""What holds for every archive: where its entries may lie, and how far it may expand."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import BinaryIO

from packaging.utils import canonicalize_name
from packaging.version import Version

from registry.uploads.errors import InvalidDistribution, shown

MIB = 1024 * 1024
# PyPI's measure of a decompression bomb: more than 50 times its size, once that is over 64 MiB.
MAX_RATIO = 50
ALWAYS_ALLOWED = 64 * MIB
MAX_ENTRIES = 100_000
MAX_METADATA = 4 * MIB
MAX_PATH, MAX_DEPTH = 1024, 64
PIECE = 64 * 1024
_REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Contents:
    """What a distribution holds: its core metadata, all its files, and where its licence files lie."""

    metadata: bytes
    files: frozenset[str]
    licenses: str

    def check_licenses(self, license_files: Iterable[str]) -> None:
        """PEP 639: every License-File must be there."""
        for file in license_files:
            if f"{self.licenses}/{file}" not in self.files:
                raise InvalidDistribution(f"License-File {shown(file)} does not exist at {self.licenses}/.")


def most_expanded(size: int) -> int:
    """How many bytes a file of ``size`` may expand to."""
    return max(ALWAYS_ALLOWED, MAX_RATIO * size)


def too_expansive() -> InvalidDistribution:
    """The refusal of what expands to more."""
    return InvalidDistribution(f"It expands to more than {MAX_RATIO} times its size: a decompression bomb.")


def too_many() -> InvalidDistribution:
    """The refusal of too many entries."""
    return InvalidDistribution(f"It has more than {MAX_ENTRIES} entries.")


def check_path(path: str) -> None:
    """Raise InvalidDistribution unless ``path`` stays below the folder that it is unpacked into, on any system."""
    if _REFUSED.search(path):
        raise InvalidDistribution(f"The path {shown(path)} has a backslash or a control character.")
    if path.startswith("/") or _DRIVE.match(path):
        raise InvalidDistribution(f"The path {shown(path)} is absolute.")
    parts = path.split("/")
    if ".." in parts:
        raise InvalidDistribution(f"The path {shown(path)} climbs out with '..'.")
    if "" in parts or "." in parts:
        raise InvalidDistribution(f"The path {shown(path)} is not plain.")
    if len(path) > MAX_PATH or len(parts) > MAX_DEPTH:
        raise InvalidDistribution(f"The path {shown(path)} is too long.")


def check_is_for(folder: str, name: str, version: Version) -> None:
    """Raise InvalidDistribution unless ``folder`` is NAME-VERSION, in any spelling of either."""
    its_name, _, its_version = folder.removesuffix(".dist-info").rpartition("-")
    try:
        if canonicalize_name(its_name) == canonicalize_name(name) and Version(its_version) == version:
            return
    except ValueError:  # also InvalidVersion
        pass
    raise InvalidDistribution(f"The folder {shown(folder)} is not for {name} {version}.")


def check_folders(paths: Iterable[str], files: AbstractSet[str]) -> None:
    """Raise InvalidDistribution if one of ``paths`` leads through one of ``files`` as if it were a folder."""
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in files:
                raise InvalidDistribution(f"The path {shown(path)} leads through {shown(parent)}, which is no folder.")
            parent = parent.rpartition("/")[0]


def read_exactly(file: BinaryIO, size: int) -> bytes:
    """``size`` bytes; raises InvalidDistribution when there are fewer."""
    data = file.read(size)
    if len(data) != size:
        raise InvalidDistribution("It is truncated.")
    return data
