"""What is a wheel, and what only looks like one."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from packaging.version import Version

from registry.models import File
from registry.uploads import archives, distributions
from registry.uploads.archives import Contents
from registry.uploads.errors import InvalidDistribution
from tests.registry.uploads import making

INFO = "sampleproject-1.0.dist-info"
END = b"PK\x05\x06"


def read(tmp_path: Path, content: bytes, name: str = "sampleproject", version: str = "1.0") -> Contents:
    path = tmp_path / "a.whl"
    path.write_bytes(content)
    return distributions.contents(path, File.PackageType.WHEEL, name, Version(version))


def changed(**changes: bytes | None) -> bytes:
    """A wheel whose .dist-info files are replaced or, with None, left out; RECORD is made before."""
    files = making.recorded(making.wheel_files())
    files.update({f"{INFO}/{name}": content for name, content in changes.items() if content is not None})
    for name in [name for name, content in changes.items() if content is None]:
        del files[f"{INFO}/{name}"]
    return making.zipped(files)


def with_files(**extra: bytes) -> bytes:
    return making.zipped(making.recorded({**making.wheel_files(), **extra}))


def entries(*infos: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """A good wheel and more entries, whatever they are; RECORD lists them by name."""
    files = making.wheel_files()
    extra = {info.filename: content for info, content in infos if not info.is_dir()}
    record = making.recorded({**files, **extra})[f"{INFO}/RECORD"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in {**files, f"{INFO}/RECORD": record}.items():
            archive.writestr(path, content)
        for info, content in infos:
            archive.writestr(info, content)
    return out.getvalue()


def with_mode(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def test_a_good_wheel_gives_its_metadata(tmp_path: Path):
    contents = read(tmp_path, making.wheel())
    assert contents.metadata.startswith(b"Metadata-Version: 2.4\nName: sampleproject\n")
    assert "sampleproject/__init__.py" in contents.files


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_both_ways_of_packing_are_read(tmp_path: Path, method: int):
    files = making.recorded({**making.wheel_files(), "ünïcode/☃.py": b"x" * 5000, "sampleproject/empty.py": b""})
    assert "ünïcode/☃.py" in read(tmp_path, making.zipped(files, method)).files


def test_folders_may_have_entries(tmp_path: Path):
    assert read(tmp_path, entries((with_mode("sampleproject/", 0o40755), b"")))


def test_a_zip64_is_read(tmp_path: Path):
    files = making.recorded(making.wheel_files())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in files.items():
            with archive.open(path, "w", force_zip64=True) as entry:
                entry.write(content)
    assert read(tmp_path, out.getvalue())


def test_another_spelling_of_name_and_version_is_the_same(tmp_path: Path):
    assert read(tmp_path, making.wheel("sample_project", "1.0.0"), "Sample.Project", "1.0")


def test_signatures_need_not_be_in_record(tmp_path: Path):
    assert read(tmp_path, changed(**{"RECORD.jws": b"{}", "RECORD.p7s": b"x"}))


def two_at_once() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, content in making.recorded(making.wheel_files()).items():
            archive.writestr(path, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("sampleproject/__init__.py", b"evil = 1\n")
    return out.getvalue()


def patched(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def local_name_changed() -> bytes:
    content = making.wheel()
    return patched(content, content.index(b"sampleproject/__init__"), b"sampleproject/__evil__")


def central_name_changed() -> bytes:
    content = making.wheel()
    return patched(content, content.rindex(b"sampleproject/__init__"), b"sampleproject/__evil__")


def central(offset: int, new: bytes, content: bytes | None = None) -> bytes:
    """The first entry's record in the directory, changed at ``offset``."""
    content = content or making.wheel()
    return patched(content, content.index(b"PK\x01\x02") + offset, new)


def lying_about_size() -> bytes:
    """A deflated entry that says it has ten bytes and has ten thousand."""
    files = making.recorded({"sampleproject/x.py": b"x" * 10, **making.wheel_files()})
    content = making.zipped({**files, "sampleproject/x.py": b"x" * 10_000})
    content = patched(content, 22, struct.pack("<L", 10))
    content = patched(content, 14, struct.pack("<L", zlib.crc32(b"x" * 10)))
    content = central(24, struct.pack("<L", 10), content)
    return central(16, struct.pack("<L", zlib.crc32(b"x" * 10)), content)


def overlapping() -> bytes:
    """Two names for the same data (David Fifield's bomb)."""
    content = making.wheel()
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    return patched(content, second + 42, struct.pack("<L", 0))


def with_data_descriptor() -> bytes:
    out = io.BytesIO()

    class Unseekable(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data) -> int:
            return out.write(data)

    with zipfile.ZipFile(Unseekable(), "w") as archive:
        for path, content in making.recorded(making.wheel_files()).items():
            archive.writestr(path, content)
    return out.getvalue()


BAD = {
    "is empty": (lambda: b"", "not a zipfile"),
    "is a tar": (making.sdist, "not a zipfile"),
    "is cut": (lambda: making.wheel()[:-10], "not a zipfile"),
    "has something before it": (lambda: b"#!/bin/sh\n" + making.wheel(), "not where it says"),
    "has something behind it": (lambda: making.wheel() + b"\0", "not a zipfile"),
    "is two zips": (lambda: making.wheel() + making.wheel(), "not where it says"),
    "has a comment": (lambda: making.wheel()[:-2] + b"\x03\0abc", "not a zipfile"),
    "has no METADATA": (lambda: changed(METADATA=None), f"METADATA not found at {INFO}/METADATA."),
    "has no WHEEL": (lambda: changed(WHEEL=None), f"WHEEL not found at {INFO}/WHEEL."),
    "has no RECORD": (lambda: changed(RECORD=None), f"RECORD not found at {INFO}/RECORD."),
    "is of a later version": (lambda: changed(WHEEL=b"Wheel-Version: 2.0\n"), "Wheel-Version '2.0'"),
    "has no version": (lambda: changed(WHEEL=b"\xff\xfe"), "Wheel-Version ''"),
    "has two dist-infos": (lambda: with_files(**{"other-1.0.dist-info/METADATA": b""}), "one .dist-info folder, not 2"),
    "has no dist-info": (lambda: making.zipped({"a.py": b""}), "one .dist-info folder, not 0"),
    "is another project's": (lambda: making.wheel("evil"), "'evil-1.0.dist-info' is not for sampleproject 1.0."),
    "is another version": (lambda: making.wheel(version="1.1"), "is not for sampleproject 1.0."),
    "has a file that is not in RECORD": (lambda: changed(more=b""), f"'{INFO}/more' is not in RECORD."),
    "lacks a file that is": (
        lambda: changed(RECORD=making.recorded(making.wheel_files())[f"{INFO}/RECORD"] + b"gone.py,,\n"),
        "RECORD lists 'gone.py', which is not in the wheel.",
    ),
    "has another content than RECORD says": (
        lambda: changed(WHEEL=b"Wheel-Version: 1.0\nGenerator: evil\n"),
        "has not the hash that RECORD says.",
    ),
    "has RECORD lines twice": (
        lambda: changed(RECORD=making.recorded(making.wheel_files())[f"{INFO}/RECORD"] * 2),
        "twice.",
    ),
    "has a RECORD that is no text": (lambda: changed(RECORD=b"\xff\xff"), "It cannot be read"),
    "has a weak hash": (
        lambda: changed(
            RECORD=making.recorded(making.wheel_files())[f"{INFO}/RECORD"].replace(b"sha256=", b"md5=")
        ),
        "RECORD uses the hash 'md5'.",
    ),
    "climbs out": (lambda: with_files(**{"../evil.py": b""}), "climbs out"),
    "climbs out in its midst": (lambda: with_files(**{"a/../../evil.py": b""}), "climbs out"),
    "climbs out on Windows": (lambda: with_files(**{"..\\evil.py": b""}), "backslash"),
    "is absolute": (lambda: with_files(**{"/etc/evil": b""}), "absolute"),
    "is absolute on Windows": (lambda: with_files(**{"C:evil.py": b""}), "absolute"),
    "has an empty part": (lambda: with_files(**{"a//b.py": b""}), "not plain"),
    "has a line feed in a path": (lambda: with_files(**{"a\nb.py": b""}), "control character"),
    "has a deep path": (lambda: with_files(**{"a/" * 70 + "b.py": b""}), "too long"),
    "has a link": (lambda: entries((with_mode("sampleproject/l", 0o120777), b"/etc/passwd")), "neither a file nor a"),
    "has a device": (lambda: entries((with_mode("sampleproject/d", 0o020666), b"")), "neither a file nor a folder"),
    "has a file as folder": (lambda: with_files(**{"a": b"", "a/b": b""}), "which is no folder"),
    "has a file twice": (two_at_once, "is in it twice"),
    "has another name inside": (local_name_changed, "two names"),
    "has another name in its directory": (central_name_changed, "two names"),
    "is encrypted": (lambda: central(8, b"\x01\0", patched(making.wheel(), 6, b"\x01\0")), "is encrypted"),
    "says two sizes": (lambda: central(24, struct.pack("<L", 11)), "two sizes"),
    "says two methods": (lambda: central(10, struct.pack("<H", 0)), "two things"),
    "lies about a size": (lying_about_size, "'sampleproject/x.py' is not as long as it says."),
    "overlaps": (overlapping, "overlap"),
    "has sizes behind the data": (with_data_descriptor, "its size stands behind its data"),
    "has a wrong checksum": (
        lambda: central(16, b"\0\0\0\0", patched(making.wheel(), 14, b"\0\0\0\0")),
        "has not the checksum that it says.",
    ),
    "is packed with bzip2": (
        lambda: making.zipped(making.recorded(making.wheel_files()), zipfile.ZIP_BZIP2),
        "does not use a supported compression type",
    ),
    "is a bomb": (lambda: with_files(zeros=b"\0" * (80 << 20)), "a decompression bomb."),
    "has huge metadata": (lambda: changed(METADATA=b"x" * (5 * 1024 * 1024)), "too large: at most 4 MiB."),
    "has an entry point that climbs": (
        lambda: with_files(**{f"{INFO}/entry_points.txt": b"[console_scripts]\n../../evil = a:b\n"}),
        "'../../evil' is no name of an entry point.",
    ),
    "has entry points that are no INI file": (
        lambda: with_files(**{f"{INFO}/entry_points.txt": b"nonsense"}),
        "entry_points.txt is not a valid INI file.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), BAD.values(), ids=BAD)
def test_it_is_refused_when_it(tmp_path: Path, make, sentence: str):
    with pytest.raises(InvalidDistribution) as refused:
        read(tmp_path, make())
    assert sentence in refused.value.sentence
    assert refused.value.sentence.startswith("Invalid distribution file. ")


def test_good_entry_points_pass(tmp_path: Path):
    text = b"[console_scripts]\nsample-it.py = a:b\n[other.group]\n../x = a\n"
    assert read(tmp_path, with_files(**{f"{INFO}/entry_points.txt": text}))


def test_too_many_entries_are_refused_before_they_are_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("registry.uploads.zips.MAX_ENTRIES", 3)
    with pytest.raises(InvalidDistribution, match=f"more than {archives.MAX_ENTRIES} entries"):
        read(tmp_path, making.wheel())
