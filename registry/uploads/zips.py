"""Zip files that every reader reads alike.

A zip says everything twice, before each entry and in the directory at its end, and readers differ in what they
believe. So both must say the same, entry by entry, with nothing before, between or behind them: then what was
checked here is what any installer finds (APPNOTE.TXT of PKWARE, sections 4.3 to 4.5; as PyPI has it).
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from registry.uploads.archives import (
    MAX_ENTRIES,
    MIB,
    PIECE,
    check_folders,
    check_path,
    most_expanded,
    read_exactly,
    too_expansive,
    too_many,
)
from registry.uploads.errors import InvalidDistribution, shown

MAX_DIRECTORY = 32 * MIB
_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_BIG16, _BIG32 = 0xFFFF, 0xFFFFFFFF
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075
# How strongly it was deflated, and that its name is UTF-8: no encryption, no sizes after the data, no patches.
_UTF8 = 0x0800
_ALLOWED_FLAGS = 0x0006 | _UTF8
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def open_strictly(file: BinaryIO, size: int) -> zipfile.ZipFile:
    """The zip in ``file``, whose layout and entries are as they should be. Raises InvalidDistribution."""
    if size < _END.size:
        raise InvalidDistribution("File is not a zipfile.")
    directory_at, count = _end(file, size)
    archive = zipfile.ZipFile(file)
    entries = archive.infolist()
    if len(entries) != count:
        raise InvalidDistribution("The zip's directory does not have as many entries as it says.")
    if sum(entry.file_size for entry in entries) > most_expanded(size):
        raise too_expansive()
    _check_layout(file, entries, directory_at)
    _check_paths(entries)
    return archive


def pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """An entry's content. Raises InvalidDistribution, at the latest at the end, if size or checksum are not its own.

    ``zipfile`` reads no further than the size that an entry says; here what is packed must end there, too.
    """
    left, checksum = entry.file_size, 0
    packed = _packed(archive, entry)
    for piece in packed if entry.compress_type == zipfile.ZIP_STORED else _inflated(packed):
        left -= len(piece)
        checksum = zlib.crc32(piece, checksum)
        if left < 0:
            break
        yield piece
    if left:
        raise InvalidDistribution(f"{shown(entry.filename)} is not as long as it says.")
    if checksum != entry.CRC:
        raise InvalidDistribution(f"{shown(entry.filename)} has not the checksum that it says.")


def read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """A small entry's content."""
    if entry.file_size > most:
        raise InvalidDistribution(f"{shown(entry.filename)} is too large: at most {most // MIB} MiB.")
    return b"".join(pieces(archive, entry))


def _packed(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """An entry's bytes as they lie in the zip."""
    file = cast(BinaryIO, archive.fp)
    file.seek(entry.header_offset)
    name_length, extra_length = _LOCAL.unpack(read_exactly(file, _LOCAL.size))[9:]
    position = entry.header_offset + _LOCAL.size + name_length + extra_length
    end = position + entry.compress_size
    while position < end:
        file.seek(position)
        piece = read_exactly(file, min(PIECE, end - position))
        position += len(piece)
        yield piece


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in packed:
        held = piece
        while held and not inflate.eof:
            yield inflate.decompress(held, PIECE)
            held = inflate.unconsumed_tail
        if inflate.eof:
            break
    while not inflate.eof and (rest := inflate.decompress(b"", PIECE)):
        yield rest
    if not inflate.eof or inflate.unused_data or next(packed, b""):
        raise InvalidDistribution("What is packed in it does not end where it says.")


def _end(file: BinaryIO, size: int) -> tuple[int, int]:
    """Where the directory begins, and how many entries it has; it must fill the place up to the end records."""
    end_at = size - _END.size
    file.seek(end_at)
    signature, disk, first_disk, here, count, length, start, comment = _END.unpack(read_exactly(file, _END.size))
    if signature != b"PK\x05\x06" or comment:
        raise InvalidDistribution("File is not a zipfile, or something follows its end.")
    ends = _end64(file, end_at)
    if ends is not None:
        end_at, disk, first_disk, here, count, length, start = ends
    elif _BIG16 in (here, count) or _BIG32 in (length, start):
        raise InvalidDistribution("Its ZIP64 records are missing.")
    if disk or first_disk or here != count or start + length != end_at:
        raise InvalidDistribution("The zip's directory is not where it says.")
    if count > MAX_ENTRIES or length > MAX_DIRECTORY:
        raise too_many()
    return start, count


def _end64(file: BinaryIO, end_at: int) -> tuple[int, int, int, int, int, int, int] | None:
    """The same of a large zip, whose records stand before the small ones."""
    locator_at = end_at - _LOCATOR64.size
    record_at = locator_at - _END64.size
    if record_at < 0:
        return None
    file.seek(record_at)
    record = _END64.unpack(read_exactly(file, _END64.size))
    signature, disk, where, disks = _LOCATOR64.unpack(read_exactly(file, _LOCATOR64.size))
    if signature != b"PK\x06\x07":
        return None
    if record[0] != b"PK\x06\x06" or record[1] != _END64.size - 12 or (disk, where, disks) != (0, record_at, 1):
        raise InvalidDistribution("Its ZIP64 records are malformed.")
    disk, first_disk, here, count, length, start = record[4:]
    return record_at, disk, first_disk, here, count, length, start


def _check_layout(file: BinaryIO, entries: list[zipfile.ZipInfo], directory_at: int) -> None:
    position = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset != position:
            raise InvalidDistribution(f"Entries of the zip overlap, or something lies before {shown(entry.filename)}.")
        position = _after(file, entry)
    if position != directory_at:
        raise InvalidDistribution("Something lies between the zip's entries and its directory.")


def _after(file: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Check an entry's own header against the directory's; returns where its data ends."""
    file.seek(entry.header_offset)
    header = _LOCAL.unpack(read_exactly(file, _LOCAL.size))
    signature, _, flags, method, _, _, checksum, packed, unpacked = header[:9]
    name_length, extra_length = int(header[9]), int(header[10])
    name = read_exactly(file, name_length)
    extras = _extras(read_exactly(file, extra_length))
    _check_kind(entry, name, extras)
    said = (entry.flag_bits, entry.compress_type, entry.CRC)
    if signature != b"PK\x03\x04" or (flags, method, checksum) != said:
        raise InvalidDistribution(f"The zip says two things of {shown(entry.filename)}.")
    if (packed, unpacked) != (entry.compress_size, entry.file_size):
        _check_large(entry, packed, unpacked, extras.get(_ZIP64, b""))
    return entry.header_offset + _LOCAL.size + name_length + extra_length + entry.compress_size


def _check_kind(entry: zipfile.ZipInfo, name: bytes, extras: dict[int, bytes]) -> None:
    if entry.flag_bits & ~_ALLOWED_FLAGS:
        raise InvalidDistribution(f"{shown(entry.filename)} is encrypted, or its size stands behind its data.")
    if entry.compress_type not in _METHODS:
        raise InvalidDistribution("File does not use a supported compression type.")
    if entry.compress_type == zipfile.ZIP_STORED and entry.compress_size != entry.file_size:
        raise InvalidDistribution(f"The zip says two things of {shown(entry.filename)}.")
    is_utf8 = bool(entry.flag_bits & _UTF8)
    if name != entry.orig_filename.encode() or not (is_utf8 or name.isascii()):
        raise InvalidDistribution(f"The zip has two names for {shown(entry.filename)}, or one that is not UTF-8.")
    if _UNICODE_PATH in extras or _UNICODE_PATH in _extras(entry.extra):
        raise InvalidDistribution(f"The zip has two names for {shown(entry.filename)}.")


def _check_large(entry: zipfile.ZipInfo, packed: int, unpacked: int, extra: bytes) -> None:
    """Sizes may stand in the ZIP64 field instead (section 4.5.3): then both must, unpacked first."""
    said = struct.unpack("<2Q", extra) if len(extra) == 16 else None
    if (packed, unpacked) != (_BIG32, _BIG32) or said != (entry.file_size, entry.compress_size):
        raise InvalidDistribution(f"The zip has two sizes for {shown(entry.filename)}.")


def _extras(data: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    while data:
        if len(data) < 4:
            raise InvalidDistribution("An extra field of the zip is malformed.")
        kind, length = struct.unpack_from("<2H", data)
        if kind in fields or length > len(data) - 4:
            raise InvalidDistribution("An extra field of the zip is malformed.")
        fields[kind], data = data[4 : 4 + length], data[4 + length :]
    return fields


def _check_paths(entries: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for entry in entries:
        path = entry.orig_filename.removesuffix("/")
        check_path(path)
        if path in seen:
            raise InvalidDistribution(f"{shown(path)} is in it twice.")
        seen.add(path)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (entry.is_dir() and entry.file_size):
            raise InvalidDistribution(f"{shown(path)} is neither a file nor a folder.")
    check_folders(seen, {entry.orig_filename for entry in entries if not entry.is_dir()})
