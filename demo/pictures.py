"""``make screenshots``: pages of a registry in which the demo's story has happened, as ``docs/screenshots/NAME.png``.

Needs Debian's Chromium.
"""

import contextlib
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.issuer import LocalIssuer
from demo.registry import ROOT, Registry, next_free_port
from demo.story import tell
from demo.telling import Story

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
PROJECT = "gatehouse-greeting"
MANAGED = f"/manage/project/{PROJECT}"
PASSWORDS = {"alice": "demo-alice", "admin": "demo-admin"}


@dataclass(frozen=True)
class Picture:
    """A page in a window of some size, as somebody sees it (nobody: without signing in)."""

    name: str
    path: str
    person: str = ""
    height: int = 900
    width: int = 1280
    link: str = ""  # what is clicked first


PICTURES = [
    Picture("project", f"/project/{PROJECT}/", height=1000),
    Picture("publishing", f"{MANAGED}/settings/publishing/", "alice", height=760),
    Picture("exchanges", f"{MANAGED}/exchanges/", "alice", height=760),
    Picture("refusal", f"{MANAGED}/exchanges/?outcome=refused", "alice", height=1000, link="octo-org/greeting"),
    Picture("dashboard", "/admin/", "admin", height=900),
]


def main() -> int:
    """Tell the story to nobody, and take the pictures."""
    from playwright.sync_api import sync_playwright

    registry = Registry(ROOT / "var" / "screenshots", 8743)
    issuer = LocalIssuer(tls=registry.authority, audience=f"localhost:{registry.port}", port=next_free_port(9743))
    try:
        with issuer, sync_playwright() as playwright:
            with contextlib.redirect_stdout(io.StringIO()):
                tell(Story(), registry, issuer)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            FOLDER.mkdir(exist_ok=True)
            for picture in PICTURES:
                _take(browser, registry, picture)
            browser.close()
    finally:
        registry.stop()
    return 0


def _take(browser: "Browser", registry: Registry, picture: Picture) -> None:
    with browser.new_context(
        base_url=registry.url, ignore_https_errors=True, viewport={"width": picture.width, "height": picture.height}
    ) as context:
        page = context.new_page()
        if picture.person:
            _sign_in(page, picture.person)
        page.goto(picture.path)
        if picture.link:
            page.get_by_role("main").get_by_role("link", name=picture.link).first.click()
            page.wait_for_load_state()
        page.screenshot(path=str(FOLDER / f"{picture.name}.png"))
    print(f"docs/screenshots/{picture.name}.png")


def _sign_in(page: "Page", person: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Username or mail address").fill(person)
    page.get_by_label("Password").fill(PASSWORDS[person])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state()


if __name__ == "__main__":
    sys.exit(main())
