"""What is an sdist, and what only looks like one."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from packaging.version import Version

from registry.models import File
from registry.uploads import distributions
from registry.uploads.archives import Contents
from registry.uploads.errors import InvalidDistribution
from tests.registry.uploads import making

TOP = "sampleproject-1.0"


def read(tmp_path: Path, content: bytes, name: str = "sampleproject", version: str = "1.0") -> Contents:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(content)
    return distributions.contents(path, File.PackageType.SDIST, name, Version(version))


def member(name: str, kind: bytes, target: str = "", **attributes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    for attribute, value in attributes.items():
        setattr(info, attribute, value)
    return info


def with_members(*members: tarfile.TarInfo, **files: bytes) -> bytes:
    return making.tarred({**making.sdist_files(), **files, **{str(at): info for at, info in enumerate(members)}})


def link(target: str, name: str = f"{TOP}/docs/link") -> bytes:
    return with_members(member(name, tarfile.SYMTYPE, target))


def test_a_good_sdist_gives_its_metadata(tmp_path: Path):
    contents = read(tmp_path, making.sdist())
    assert contents.metadata == making.metadata()
    assert f"{TOP}/pyproject.toml" in contents.files


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_every_common_format_is_read(tmp_path: Path, form: int):
    out = io.BytesIO()
    long = f"{TOP}/" + "/".join(["folder" * 3] * 10) + "/file.py"
    with tarfile.open(fileobj=out, mode="w:gz", format=form) as archive:
        archive.addfile(member(TOP, tarfile.DIRTYPE, mtime=1.5 if form == tarfile.PAX_FORMAT else 1))
        for path, content in {**making.sdist_files(), long: b"x" * 5000, f"{TOP}/ünï.py": b""}.items():
            assert isinstance(content, bytes)
            archive.addfile(member(path, tarfile.REGTYPE, size=len(content)), io.BytesIO(content))
    contents = read(tmp_path, out.getvalue())
    assert {long, f"{TOP}/ünï.py"} <= contents.files


def test_a_comment_as_git_archive_writes_it_is_fine(tmp_path: Path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", pax_headers={"comment": "0" * 40}) as archive:
        for path, content in making.sdist_files().items():
            assert isinstance(content, bytes)
            archive.addfile(member(f"./{path}", tarfile.REGTYPE, size=len(content)), io.BytesIO(content))
    assert read(tmp_path, out.getvalue())


@pytest.mark.parametrize("target", ["../pyproject.toml", "other", "..", "../src/sampleproject.py"])
def test_a_link_inside_is_fine(tmp_path: Path, target: str):
    assert read(tmp_path, link(target))


def test_a_hard_link_to_a_file_before_it_is_fine(tmp_path: Path):
    assert read(tmp_path, with_members(member(f"{TOP}/same", tarfile.LNKTYPE, f"{TOP}/PKG-INFO")))


def header(name: str, kind: bytes = b"0", **fields: bytes) -> bytes:
    """A header block, with raw fields replaced."""
    block = bytearray(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT))
    block[156:157] = kind
    places = {"size": (124, 12)}
    for field, value in fields.items():
        start, length = places[field]
        block[start : start + length] = value.ljust(length, b"\0")
    return summed(bytes(block))


def summed(block: bytes) -> bytes:
    total = sum(block[:148]) + 8 * 32 + sum(block[156:])
    return block[:148] + f"{total:06o}\0 ".encode() + block[156:]


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    """An extended header."""
    return header("pax", kind, size=f"{len(records):011o}".encode()) + records + b"\0" * (-len(records) % 512)


def record(key: str, value: str) -> bytes:
    length = len(key) + len(value) + 5
    return f"{length:02} {key}={value}\n".encode()


def unfinished() -> bytes:
    return gzip.compress(gzip.decompress(making.sdist()).rstrip(b"\0"))


BAD = {
    "is empty": (lambda: b"", "truncated"),
    "is a zip": (making.wheel, "cannot be read"),
    "is an empty tar": (making.raw_tar, "It is empty."),
    "is only gzip": (lambda: gzip.compress(b"hello" * 1000), "malformed"),
    "is cut": (lambda: making.sdist()[:-20], "truncated"),
    "is cut at its checksum": (lambda: making.sdist()[:-4], "truncated"),
    "has a wrong checksum": (lambda: making.sdist()[:-8] + b"\0" * 8, "cannot be read"),
    "has no end": (unfinished, "truncated"),
    "has something behind it": (lambda: making.sdist() + b"x", "Something follows the end of the gzip stream."),
    "has another stream behind it": (lambda: making.sdist() * 2, "Something follows the end of the gzip stream."),
    "hides entries behind its end": (
        lambda: gzip.compress(gzip.decompress(making.sdist()) * 2),
        "Something follows the end of the tar.",
    ),
    "has one block of zeros in it": (
        lambda: making.raw_tar(header("sampleproject-1.0/a"), b"\0" * 512, header("sampleproject-1.0/b")),
        "zeros",
    ),
    "has no PKG-INFO": (lambda: making.tarred({f"{TOP}/a": b""}), f"PKG-INFO not found at {TOP}/PKG-INFO."),
    "has PKG-INFO as a link": (
        lambda: making.tarred({"0": member(f"{TOP}/PKG-INFO", tarfile.SYMTYPE, "a")}),
        "PKG-INFO not found",
    ),
    "has PKG-INFO elsewhere": (lambda: making.tarred({f"{TOP}/x/PKG-INFO": making.metadata()}), "PKG-INFO not found"),
    "has huge metadata": (lambda: making.tarred({f"{TOP}/PKG-INFO": b"x" * (5 << 20)}), "Its metadata is larger than"),
    "has two folders": (lambda: with_members(**{"other-1.0/a": b""}), "Incorrect number of top-level directories"),
    "has a file beside the folder": (lambda: with_members(**{"setup.py": b""}), "Incorrect number of top-level"),
    "is another project's": (lambda: making.sdist("evil"), "'evil-1.0' is not for sampleproject 1.0."),
    "is another version": (lambda: making.sdist(version="2.0"), "'sampleproject-2.0' is not for sampleproject 1.0."),
    "has a folder without version": (lambda: making.tarred({"x/a": b""}), "The folder 'x' is not for"),
    "climbs out": (lambda: with_members(**{f"{TOP}/../../evil": b""}), "climbs out"),
    "climbs out on Windows": (lambda: with_members(**{f"{TOP}\\..\\evil": b""}), "backslash"),
    "is absolute": (lambda: with_members(**{"/etc/evil": b""}), "absolute"),
    "has a control character": (lambda: with_members(**{f"{TOP}/a\x1bb": b""}), "control character"),
    "has a file twice": (
        lambda: with_members(member(f"{TOP}/PKG-INFO", tarfile.REGTYPE)),
        "'sampleproject-1.0/PKG-INFO' is in it twice.",
    ),
    "has a file that is a folder": (
        lambda: with_members(member(f"{TOP}/PKG-INFO", tarfile.DIRTYPE)),
        "is in it twice.",
    ),
    "has a path through a file": (lambda: with_members(**{f"{TOP}/PKG-INFO/a": b""}), "which is no folder."),
    "has a path through a link": (
        lambda: with_members(member(f"{TOP}/d", tarfile.SYMTYPE, "src"), **{f"{TOP}/d/a": b""}),
        "which is no folder.",
    ),
    "has a link that is absolute": (lambda: link("/etc/passwd"), "leads to '/etc/passwd'."),
    "has a link that climbs out": (lambda: link("../../../etc/passwd"), "leads out to '../../../etc/passwd'."),
    "has a link that climbs out by another": (lambda: link("x/../../../y"), "leads to 'x/../../../y'."),
    "has a link to nothing": (lambda: link(""), "leads to ''."),
    "has a hard link out": (
        lambda: with_members(member(f"{TOP}/l", tarfile.LNKTYPE, "/etc/passwd")),
        "which is no file before it.",
    ),
    "has a device": (lambda: with_members(member(f"{TOP}/d", tarfile.CHRTYPE)), "neither a file nor a folder nor"),
    "has a pipe": (lambda: with_members(member(f"{TOP}/d", tarfile.FIFOTYPE)), "neither a file nor a folder nor"),
    "is sparse": (lambda: making.raw_tar(header(f"{TOP}/a", b"S")), "neither a file nor a folder nor"),
    "is sparse by pax": (
        lambda: making.raw_tar(pax(record("GNU.sparse.major", "1")), header(f"{TOP}/a")),
        "has 'GNU.sparse.major'.",
    ),
    "has names in a charset": (
        lambda: making.raw_tar(pax(record("hdrcharset", "BINARY")), header(f"{TOP}/a")),
        "has 'hdrcharset'.",
    ),
    "has a global path": (
        lambda: making.raw_tar(pax(record("path", f"{TOP}/b"), b"g"), header(f"{TOP}/a")),
        "global header",
    ),
    "says a name twice": (
        lambda: making.raw_tar(pax(record("path", "a")), pax(record("path", "b")), header(f"{TOP}/a")),
        "says a thing twice",
    ),
    "has a malformed pax header": (lambda: making.raw_tar(pax(b"99 path=x\n"), header(f"{TOP}/a")), "malformed"),
    "has a pax header of digits": (lambda: making.raw_tar(pax(b"1" * 60_000)), "malformed"),
    "has a negative size": (
        lambda: making.raw_tar(pax(record("size", "-512")), header(f"{TOP}/a")),
        "malformed",
    ),
    "has a header for nothing": (lambda: making.raw_tar(pax(record("path", "a"))), "truncated"),
    "has a huge header": (lambda: making.raw_tar(header("pax", b"x", size=b"77777777777")), "too large"),
    "has a base-256 size": (lambda: making.raw_tar(header(f"{TOP}/a", size=b"\x80" + b"\xff" * 11)), "malformed"),
    "has a folder with content": (lambda: making.raw_tar(header(f"{TOP}/a", b"5", size=b"00000000010")), "has content"),
    "has a wrong header checksum": (lambda: making.raw_tar(header(f"{TOP}/a")[:-1] + b"x"), "malformed"),
    "has a name that is not UTF-8": (
        lambda: making.raw_tar(summed(b"\xff" + header(f"{TOP}/a")[1:])),
        "not UTF-8",
    ),
    "is a bomb": (
        lambda: with_members(**{f"{TOP}/zeros": b"\0" * (80 << 20)}),
        "a decompression bomb.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), BAD.values(), ids=BAD)
def test_it_is_refused_when_it(tmp_path: Path, make, sentence: str):
    with pytest.raises(InvalidDistribution) as refused:
        read(tmp_path, make())
    assert sentence in refused.value.sentence


def test_too_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("registry.uploads.sdist.MAX_ENTRIES", 2)
    with pytest.raises(InvalidDistribution, match="entries"):
        read(tmp_path, making.sdist())
