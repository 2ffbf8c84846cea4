"""``make screenshots``: pages of a registry in which the demo's story has happened, as ``docs/screenshots/NAME.png``.

Needs Debian's Chromium.
"""

import contextlib
import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from demo import package
from demo.issuer import LocalIssuer
from demo.registry import ROOT, Registry, next_free_port
from demo.story import ENVIRONMENT, OWNER, REPOSITORY, WORKFLOW, Chapters
from demo.telling import Story

if TYPE_CHECKING:
    from playwright.sync_api import Browser, StorageState

FOLDER = ROOT / "docs" / "screenshots"
MAX_BYTES = 150_000
CHROMIUM = "/usr/bin/chromium"
MANAGED = f"/manage/project/{package.NAME}"
PASSWORDS = {"alice": "demo-alice", "admin": "demo-admin"}
OTHER_PACKAGES = {
    "tide-tables": "High and low water for harbours, computed offline",
    "lantern-log": "Structured logs that people can read",
    "quay": "A client for the harbour master's API",
}
# Jobs after the story's: workflow and environment. The last one that is refused is the picture's.
LATER_JOBS = [(WORKFLOW, "staging"), (WORKFLOW, ENVIRONMENT), ("publish.yml", ENVIRONMENT)]
FILLED_IN = f"provider=github&owner={OWNER}&repository={REPOSITORY}&workflow_filename={WORKFLOW}&environment=staging"


@dataclass(frozen=True)
class Picture:
    """A page in a window of some size, as somebody sees it (nobody: without signing in)."""

    name: str
    path: str
    person: str = ""
    height: int = 900
    width: int = 1280
    link: str = ""  # what is clicked first
    colours: Literal["light", "dark"] = "light"


REFUSED = f"{MANAGED}/exchanges/?outcome=refused"
PICTURES = [
    Picture("front", "/", height=1030),
    Picture("project", f"/project/{package.NAME}/", height=900),
    Picture("publishing", f"{MANAGED}/settings/publishing/", "alice", height=560),
    Picture("adding", f"{MANAGED}/settings/publishing/?{FILLED_IN}#add", "alice", height=1170),
    Picture("exchanges", f"{MANAGED}/exchanges/", "alice", height=940),
    Picture("refusal", REFUSED, "alice", height=1060, link=OWNER),
    Picture("tokens", "/manage/account/token/", "alice", height=650),
    Picture("history", f"{MANAGED}/history/", "alice"),
    Picture("account", "/account/", "alice", height=520),
    Picture("dashboard", "/admin/", "admin", height=960),
    Picture("project-phone", f"/project/{package.NAME}/", width=390, height=844, colours="dark"),
    Picture("refusal-phone", REFUSED, "alice", width=390, height=844, link=OWNER, colours="dark"),
]


def main() -> int:
    """Tell the story to nobody, and take the pictures."""
    from playwright.sync_api import sync_playwright

    registry = Registry(ROOT / "var" / "screenshots", 8743)
    issuer = LocalIssuer(tls=registry.authority, audience=f"localhost:{registry.port}", port=next_free_port(9743))
    try:
        with issuer, sync_playwright() as playwright:
            with contextlib.redirect_stdout(io.StringIO()):
                _fill(registry, issuer)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            FOLDER.mkdir(exist_ok=True)
            states = {person: _signed_in(browser, registry, person) for person in PASSWORDS}
            for picture in PICTURES:
                _take(browser, registry, picture, states.get(picture.person))
            browser.close()
    finally:
        registry.stop()
    return 0


def _fill(registry: Registry, issuer: LocalIssuer) -> None:
    """The story, other people's packages, and jobs that came later."""
    chapters = Chapters(Story(), registry, issuer)
    chapters.tell()
    past = f"from demo.past import happen; happen({package.NAME!r})"
    token = registry.manage("shell", "--no-imports", "-c", past).strip()
    for name, summary in OTHER_PACKAGES.items():
        chapters.upload(package.build(registry.folder, "1.4.0", name, summary), token)
    for workflow, environment in LATER_JOBS:
        chapters.mint(issuer.sign(issuer.github_claims(OWNER, REPOSITORY, workflow, environment)))


def _signed_in(browser: "Browser", registry: Registry, person: str) -> "StorageState":
    """The cookies of somebody who signed in once, for all pictures."""
    with browser.new_context(base_url=registry.url, ignore_https_errors=True) as context:
        page = context.new_page()
        page.goto("/account/login/")
        page.get_by_label("Username or mail address").fill(person)
        page.get_by_label("Password").fill(PASSWORDS[person])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"{registry.url}/")
        return context.storage_state()


def _take(browser: "Browser", registry: Registry, picture: Picture, state: "StorageState | None") -> None:
    file = FOLDER / f"{picture.name}.png"
    with browser.new_context(
        base_url=registry.url,
        ignore_https_errors=True,
        viewport={"width": picture.width, "height": picture.height},
        device_scale_factor=1,
        color_scheme=picture.colours,
        storage_state=state,
    ) as context:
        page = context.new_page()
        page.goto(picture.path)
        if picture.link:
            page.get_by_role("main").get_by_role("link", name=picture.link).first.click()
            page.wait_for_load_state()
        page.screenshot(path=str(file), animations="disabled")
    size = file.stat().st_size
    assert size <= MAX_BYTES, f"{file.name} has {size:,} bytes: lower its height"
    print(f"docs/screenshots/{file.name}")


if __name__ == "__main__":
    sys.exit(main())
