"""Where the bytes lie."""

from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from registry.storage import contents


def test_a_file_is_moved_to_its_name(files: Path):
    with contents.finished([b"some ", b"bytes"]) as unfinished:
        assert unfinished.parent == files / "incoming"
        contents.settle("ab/cd/ef/a.whl", unfinished)
        contents.place("ab/cd/ef/a.whl", unfinished)
    assert (files / "ab/cd/ef/a.whl").read_bytes() == b"some bytes"
    assert (files / "ab/cd/ef/a.whl").stat().st_mode & 0o777 == 0o644
    assert list((files / "incoming").iterdir()) == []


def test_what_is_not_placed_is_removed(files: Path):
    with contents.finished([b"x"]) as unfinished:
        assert unfinished.exists()
    assert not unfinished.exists()


def test_djangos_way_in_keeps_the_name(files: Path):
    for _ in range(2):
        assert default_storage.save("ab/cd/ef/a.whl", ContentFile(b"bytes")) == "ab/cd/ef/a.whl"
    assert [path.name for path in files.rglob("*") if path.is_file()] == ["a.whl"]


def test_a_window_shows_its_part_in_small_pieces(files: Path):
    default_storage.save("digits", ContentFile(b"0123456789"))
    window = contents.window("digits", 2, 6)
    assert [window.read(2), window.read(2), window.read(2), window.read(2)] == [b"23", b"45", b"6", b""]
    window.close()


def test_a_window_without_an_end_reaches_to_the_last_byte(files: Path):
    default_storage.save("digits", ContentFile(b"0123456789"))
    window = contents.window("digits", 7)
    assert (window.size, window.read(100)) == (3, b"789")
    window.close()
