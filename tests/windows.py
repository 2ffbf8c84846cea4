"""Whether a page fits into windows of several widths."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

WIDTHS = (320, 390, 640, 860, 1280, 1600)


def fits(page: "Page") -> bool:
    """Whether nothing of the page that is open, or that is about to be, runs out of the window."""
    page.wait_for_load_state()
    size = page.viewport_size
    assert size is not None
    return bool(page.locator("html").evaluate("html => html.scrollWidth") <= size["width"])


def too_narrow(page: "Page", widths: Sequence[int] = WIDTHS) -> list[str]:
    """Which windows, by their width in pixels, the page that is open does not fit into; one line each."""
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        if not fits(page):
            found.append(f"{page.url}: wider than {width}")
    return found
