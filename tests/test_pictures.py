"""The pictures that ``make screenshots`` takes, and where they are shown."""

import re
from pathlib import Path

import pytest

from demo.pictures import FOLDER, MAX_BYTES, PICTURES, Picture
from registry.pages import help_pages, topics

DOCS = FOLDER.parent
PAGES = [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))]
SHOWN = re.compile(r"!\[(?P<alt>[^\]]{20,})\]\((?P<path>[^)]*screenshots/[^)]+\.png)\)")


def shown() -> set[Path]:
    """Every screenshot that a page shows, with words for those who do not see it."""
    return {(page.parent / found["path"]).resolve() for page in PAGES for found in SHOWN.finditer(page.read_text())}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_there_and_small(picture: Picture):
    assert 0 < (FOLDER / f"{picture.name}.png").stat().st_size <= MAX_BYTES


def test_each_picture_is_shown_and_no_other():
    assert {path.stem for path in shown()} == {picture.name for picture in PICTURES}
    assert {path.stem for path in FOLDER.iterdir()} == {picture.name for picture in PICTURES}


def test_help_pages_leave_them_out():
    texts = [help_pages._of_this_registry(topic) for shelf in topics.shelves().values() for topic in shelf]
    assert not [text for text in texts if "screenshots/" in text]
