"""What axe-core says of a page: an accessibility checker that runs in the browser."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

# WCAG 2.2 on levels A and AA, and what axe-core thinks is good besides.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# What can differ between a page in light and the same page in dark.
COLOURS = ("color-contrast", "link-in-text-block")
_axe = Axe()


def violations(page: "Page", *, rules: Collection[str] = (), without: Collection[str] = ()) -> list[str]:
    """What is wrong with a page, one line for each rule and place.

    ``rules`` are the only ones to look at, ``without`` those not to look at. Frames are pages of their own and not
    looked into.
    """
    options: dict[str, Any] = {
        "runOnly": {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(TAGS)},
        "rules": {rule: {"enabled": False} for rule in without},
        "resultTypes": ["violations"],
        "iframes": False,
        "preload": False,  # style sheets of other origins: there are none
    }
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe.axe_script)
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return [f"{rule['id']}: {rule['help']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
