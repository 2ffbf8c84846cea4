"""Where the bytes lie."""

from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from registry.uploads import receiving


def test_a_file_is_moved_to_its_name(files: Path):
    with receiving.storage().finished([b"some ", b"bytes"]) as unfinished:
        assert unfinished.parent == files / "incoming"
        receiving.storage().place("ab/cd/ef/a.whl", unfinished)
    assert (files / "ab/cd/ef/a.whl").read_bytes() == b"some bytes"
    assert (files / "ab/cd/ef/a.whl").stat().st_mode & 0o777 == 0o644
    assert list((files / "incoming").iterdir()) == []


def test_what_is_not_placed_is_removed(files: Path):
    with receiving.storage().finished([b"x"]) as unfinished:
        assert unfinished.exists()
    assert not unfinished.exists()


def test_djangos_way_in_keeps_the_name(files: Path):
    for _ in range(2):
        assert default_storage.save("ab/cd/ef/a.whl", ContentFile(b"bytes")) == "ab/cd/ef/a.whl"
    assert [path.name for path in files.rglob("*") if path.is_file()] == ["a.whl"]
