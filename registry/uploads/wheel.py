"""Wheels: a zip with one ``.dist-info`` folder, whose RECORD lists every file (PEP 427)."""

import base64
import configparser
import csv
import hashlib
import io
import re
import zipfile
from email.parser import BytesHeaderParser
from pathlib import Path

from packaging.version import Version

from registry.uploads import zips
from registry.uploads.archives import MAX_METADATA, MIB, Contents, check_is_for
from registry.uploads.errors import InvalidDistribution, shown

MAX_RECORD = 32 * MIB
# Signatures of RECORD cannot be in it (PEP 427).
_UNRECORDED = ("RECORD.jws", "RECORD.p7s")
# PEP 427 wants SHA-256 or better.
_ALGORITHMS = {"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"}
_ENTRY_POINT = re.compile(r"[\w.-]+")


def read(path: Path, name: str, version: Version) -> Contents:
    """What the wheel at ``path`` holds, once found to be one. Raises InvalidDistribution, or what zipfile does."""
    with path.open("rb") as file, zips.open_strictly(file, path.stat().st_size) as archive:
        wheel = _Wheel(archive, name, version)
        metadata = wheel.read("METADATA", MAX_METADATA)
        wheel.check_generator()
        wheel.check_entry_points()
        wheel.check_record()
        return Contents(metadata, frozenset(wheel.files), f"{wheel.info}/licenses")


class _Wheel:
    def __init__(self, archive: zipfile.ZipFile, name: str, version: Version) -> None:
        self.archive = archive
        self.files = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
        self.info = self._info(name, version)

    def read(self, name: str, most: int) -> bytes:
        """A file of the ``.dist-info`` folder."""
        entry = self.files.get(f"{self.info}/{name}")
        if entry is None:
            raise InvalidDistribution(f"{name} not found at {self.info}/{name}.")
        return zips.read(self.archive, entry, most)

    def check_generator(self) -> None:
        """WHEEL must be of a version that installers know."""
        wheel_version = BytesHeaderParser().parsebytes(self.read("WHEEL", MIB)).get("Wheel-Version", "")
        if not re.fullmatch(r"1\.[0-9]{1,4}", str(wheel_version).strip()):
            raise InvalidDistribution(f"Wheel-Version {shown(str(wheel_version))} is not one that installers know.")

    def check_entry_points(self) -> None:
        """Scripts are installed under their entry points' names: these must not lead out of the folder."""
        if f"{self.info}/entry_points.txt" not in self.files:
            return
        parser = configparser.RawConfigParser(delimiters=("=",))
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            parser.read_string(self.read("entry_points.txt", MIB).decode())
        except configparser.Error as malformed:
            raise InvalidDistribution("entry_points.txt is not a valid INI file.") from malformed
        for section in ("console_scripts", "gui_scripts"):
            for script in parser.options(section) if parser.has_section(section) else ():
                if not _ENTRY_POINT.fullmatch(script) or set(script) == {"."}:
                    raise InvalidDistribution(f"{shown(script)} is no name of an entry point.")

    def check_record(self) -> None:
        """RECORD and the archive must list the same files, and the hashes must be theirs."""
        record = self._record()
        unlisted = {f"{self.info}/{name}" for name in ("RECORD", *_UNRECORDED)}
        for path in sorted(self.files.keys() - record.keys() - unlisted):
            raise InvalidDistribution(f"{shown(path)} is not in RECORD.")
        for path in sorted(record.keys() - self.files.keys()):
            raise InvalidDistribution(f"RECORD lists {shown(path)}, which is not in the wheel.")
        for path, entry in self.files.items():
            self._check_content(entry, *record.get(path, ("", "")))

    def _check_content(self, entry: zipfile.ZipInfo, digest: str, size: str) -> None:
        algorithm, _, expected = digest.partition("=")
        if digest and algorithm not in _ALGORITHMS:
            raise InvalidDistribution(f"RECORD uses the hash {shown(algorithm)}.")
        computed = hashlib.new(algorithm) if digest else None
        # Without a hash it is read all the same: then its length and checksum are right.
        for piece in zips.pieces(self.archive, entry):
            if computed is not None:
                computed.update(piece)
        if computed is not None and _base64(computed.digest()) != expected.rstrip("="):
            raise InvalidDistribution(f"{shown(entry.filename)} has not the hash that RECORD says.")
        if size and size != str(entry.file_size):
            raise InvalidDistribution(f"{shown(entry.filename)} has not the size that RECORD says.")

    def _record(self) -> dict[str, tuple[str, str]]:
        """Hash and size of each path."""
        rows: dict[str, tuple[str, str]] = {}
        for row in csv.reader(io.StringIO(self.read("RECORD", MAX_RECORD).decode(), newline="")):
            if not row:
                continue
            path, digest, size = [*row, "", ""][:3]
            if path.replace("\\", "/") in rows:
                raise InvalidDistribution(f"RECORD lists {shown(path)} twice.")
            rows[path.replace("\\", "/")] = (digest, size)
        return rows

    def _info(self, name: str, version: Version) -> str:
        folders = {path.split("/")[0] for path in self.files}
        found = sorted(folder for folder in folders if folder.endswith(".dist-info"))
        if len(found) != 1:
            raise InvalidDistribution(f"A wheel has one .dist-info folder, not {len(found)}.")
        check_is_for(found[0], name, version)
        return found[0]


def _base64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
