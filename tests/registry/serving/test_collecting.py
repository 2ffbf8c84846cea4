"""The static files are gathered when they are not there as this version has them, and only then."""

import json
from pathlib import Path

import pytest

from registry.serving import collecting


@pytest.fixture
def source(settings, tmp_path: Path) -> Path:
    """One static file, and an empty folder for what is made of it."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "page.css").write_text("a {}")
    settings.STATICFILES_DIRS = [folder]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "made"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    return folder / "page.css"


def made(settings) -> Path:
    manifest = json.loads((settings.STATIC_ROOT / "staticfiles.json").read_text())
    name: str = manifest["paths"]["page.css"]
    return Path(settings.STATIC_ROOT) / name


def test_a_second_start_gathers_nothing(settings, source: Path):
    collecting.collect()
    made(settings).write_text("kept")
    collecting.collect()
    assert made(settings).read_text() == "kept"


def test_a_changed_file_is_gathered(settings, source: Path):
    collecting.collect()
    source.write_text("b {}")  # as long as before
    collecting.collect()
    assert made(settings).read_text() == "b {}"


def test_a_new_name_is_gathered(settings, source: Path):
    collecting.collect()
    source.rename(source.with_name("other.css"))
    collecting.collect()
    assert list(settings.STATIC_ROOT.glob("other.*.css"))


def test_an_emptied_folder_is_filled(settings, source: Path):
    collecting.collect()
    for file in settings.STATIC_ROOT.iterdir():
        file.unlink()
    collecting.collect()
    assert made(settings).read_text() == "a {}"


def test_a_stop_in_the_middle_gathers_anew(settings, source: Path, monkeypatch):
    collecting.collect()
    source.write_text("b {}")

    def stop(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "call_command", stop)
        with pytest.raises(KeyboardInterrupt):
            collecting.collect()
    source.write_text("a {}")
    (settings.STATIC_ROOT / "staticfiles.json").unlink()
    collecting.collect()
    assert made(settings).read_text() == "a {}"
