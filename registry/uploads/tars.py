"""Gzipped tar files, read as a stream in bounded memory.

The standard library's reader holds whatever a header claims in memory and forgives what other readers do not;
this one refuses all that an sdist does not need (POSIX.1-2001 ustar and pax, and GNU's long names).
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

from registry.uploads.archives import MAX_ENTRIES, PIECE, too_expansive, too_many
from registry.uploads.errors import InvalidDistribution, shown

BLOCK = 512
# Of one long name or one set of pax records.
MAX_HEADER = 64 * 1024
_OCTAL = re.compile(rb" *([0-7]*)[ \0]*")
_PAX_RECORD = re.compile(rb"([1-9][0-9]{0,5}) ([^=\n]+)=")
_SIZE = re.compile(r"[0-9]{1,18}")
# Keys by which a pax header would change what other readers make of an entry.
_REFUSED_KEYS = ("GNU.sparse.", "hdrcharset")
_OWN_KEYS = ("path", "linkpath", "size")
# GNU's headers for long names, and what they say.
_LONG = {b"L": "path", b"K": "linkpath"}


class Kind(Enum):
    """What an entry is; its byte in the header."""

    FILE = b"0"
    OLD_FILE = b"\0"
    HARD_LINK = b"1"
    SYMBOLIC_LINK = b"2"
    FOLDER = b"5"


@dataclass(frozen=True)
class Entry:
    """One entry; ``target`` of links only."""

    path: str
    kind: Kind
    size: int
    target: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it has content."""
        return self.kind in (Kind.FILE, Kind.OLD_FILE)


class Unpacked:
    """The bytes inside a gzip file, up to a bound. One stream, to the file's very end."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._left = most
        self._gzip = zlib.decompressobj(wbits=31)
        self._held = b""

    def read(self, size: int) -> bytes:
        """Exactly ``size`` bytes; keep ``size`` small, it is held in memory."""
        parts, missing = [], size
        while missing:
            part = self._some(missing)
            if not part:
                raise InvalidDistribution("It is truncated.")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Pass over ``size`` bytes."""
        while size:
            size -= len(self.read(min(PIECE, size)))

    def finish(self) -> None:
        """There must be nothing left but zeros, and nothing behind the stream."""
        while part := self._some(PIECE):
            if part.strip(b"\0"):
                raise InvalidDistribution("Something follows the end of the tar.")
        if self._gzip.unused_data or self._file.read(1):
            raise InvalidDistribution("Something follows the end of the gzip stream.")

    def _some(self, size: int) -> bytes:
        """At least one byte, at most ``size``; none at the end."""
        while not self._gzip.eof:
            packed = self._gzip.unconsumed_tail or self._file.read(PIECE)
            part = self._gzip.decompress(packed, size)
            self._left -= len(part)
            if self._left < 0:
                raise too_expansive()
            if part:
                return part
            if not packed:
                raise InvalidDistribution("It is truncated.")
        return b""


class Tar:
    """The entries of a tar, in order."""

    def __init__(self, stream: Unpacked) -> None:
        self._stream = stream
        self._unread = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Entry]:
        """Each entry; the content of a file may be ``read`` before the next one."""
        said: dict[str, str] = {}
        seen = 0
        while (block := self._next_block()) is not None:
            seen += 1
            if seen > 2 * MAX_ENTRIES:
                raise too_many()
            kind, size = block[156:157], _number(block[124:136])
            if kind in b"xgLK":
                _add(said, kind, self._header_data(size))
                continue
            yield self._entry(block, kind, size, said)
            said = {}
        if said:
            raise InvalidDistribution("It is truncated.")
        self._stream.finish()

    def read(self, most: int) -> bytes:
        """The content of the entry just yielded."""
        if self._unread > most:
            raise InvalidDistribution(f"Its metadata is larger than {most} bytes.")
        content = self._stream.read(self._unread)
        self._unread = 0
        return content

    def _next_block(self) -> bytes | None:
        """The next header, None at the end, which two blocks of zeros mark."""
        self._stream.skip(self._unread + self._padding)
        self._unread = self._padding = 0
        block = self._stream.read(BLOCK)
        if block.strip(b"\0"):
            _check_sum(block)
            return block
        if self._stream.read(BLOCK).strip(b"\0"):
            raise InvalidDistribution("A block of zeros lies between its entries.")
        return None

    def _header_data(self, size: int) -> bytes:
        if size > MAX_HEADER:
            raise InvalidDistribution("A header of the tar is too large.")
        data = self._stream.read(size)
        self._stream.skip(-size % BLOCK)
        return data

    def _entry(self, block: bytes, kind: bytes, size: int, said: dict[str, str]) -> Entry:
        path = said.get("path") or _path(block)
        try:
            known = Kind(kind)
        except ValueError as unknown:
            raise InvalidDistribution(f"{shown(path)} is neither a file nor a folder nor a link.") from unknown
        if known == Kind.OLD_FILE and path.endswith("/"):
            known = Kind.FOLDER
        size = int(said["size"]) if "size" in said else size
        entry = Entry(path, known, size, said.get("linkpath") or _text(block[157:257]))
        if size and not entry.is_file:
            raise InvalidDistribution(f"{shown(path)} has content, and is no file.")
        self._unread, self._padding = size, -size % BLOCK
        return entry


def _add(said: dict[str, str], kind: bytes, data: bytes) -> None:
    """Keep what a header in front of an entry says of it; nothing may be said twice."""
    new = {_LONG[kind]: _text(data)} if kind in _LONG else _pax(data)
    if kind == b"g" and new:
        raise InvalidDistribution("A global header of the tar speaks for single entries.")
    if said.keys() & new.keys():
        raise InvalidDistribution("The tar says a thing twice of one entry.")
    said.update(new)


def _pax(data: bytes) -> dict[str, str]:
    """Those records (``LENGTH KEY=VALUE`` and a line feed) that bear on where an entry lies and how long it is."""
    records: dict[str, str] = {}
    while data:
        start = _PAX_RECORD.match(data)
        length = int(start[1]) if start else 0
        if start is None or start.end() >= length or data[length - 1 : length] != b"\n":
            raise InvalidDistribution("A pax header of the tar is malformed.")
        key, value = start[2].decode("ascii", "replace"), data[start.end() : length - 1]
        if key.startswith(_REFUSED_KEYS) or key in records:
            raise InvalidDistribution(f"A pax header of the tar has {shown(key)}.")
        if key in _OWN_KEYS:
            records[key] = _decoded(value)
        data = data[length:]
    if not _SIZE.fullmatch(records.get("size", "0")):
        raise InvalidDistribution("A pax header of the tar is malformed.")
    return records


def _path(block: bytes) -> str:
    name, prefix = _text(block[:100]), block[345:500]
    # GNU's old format keeps times where ustar keeps the prefix; Python reads a prefix in either case.
    return f"{_text(prefix)}/{name}" if prefix.strip(b"\0") else name


def _text(field: bytes) -> str:
    return _decoded(field.split(b"\0", 1)[0])


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as broken:
        raise InvalidDistribution("A name in the tar is not UTF-8.") from broken


def _number(field: bytes) -> int:
    octal = _OCTAL.fullmatch(field)
    if octal is None:
        raise InvalidDistribution("A header of the tar is malformed.")
    return int(octal[1] or b"0", 8)


def _check_sum(block: bytes) -> None:
    if _number(block[148:156]) != sum(block[:148]) + 8 * 0x20 + sum(block[156:]):
        raise InvalidDistribution("A header of the tar is malformed.")
