"""The pages in a real browser: nothing that the policy forbids, nothing that runs out of the window."""

import pytest

from tests.factories import make_file, make_project, make_user
from tests.machine import needs_chromium

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]

PATHS = ["/", "/?q=sample", "/project/sampleproject/", "/project/empty/", "/simple/", "/admin/login/"]
ADMIN_PATHS = ["/admin/", "/admin/registry/project/", "/admin/publishers/publisher/add/", "/admin/password_change/"]


@pytest.fixture
def owner():
    return make_user("alice", is_staff=True, is_superuser=True)


@pytest.fixture
def projects(owner):
    make_file(make_project("sampleproject", owner), summary="Does things " * 20, description="long " * 500)
    make_file(make_project("a" * 100), "1.0")
    make_project("empty")


@pytest.fixture
def complaints(page):
    """What the browser's console says."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    return said


@pytest.mark.usefixtures("projects")
def test_strangers_pages_keep_to_the_policy(live_server, page, complaints):
    for path in PATHS:
        page.goto(live_server.url + path)
    assert not [said for said in complaints if said.startswith(("error", "warning"))]


@pytest.mark.usefixtures("projects")
def test_the_admin_keeps_to_the_policy(live_server, page, complaints, client, owner, settings):
    # Chromium sends no secure cookie over plain HTTP.
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    client.force_login(owner)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([session])
    for path in ADMIN_PATHS:
        page.goto(live_server.url + path)
        assert page.locator("#user-tools").is_visible(), path
    assert not [said for said in complaints if said.startswith(("error", "warning"))]


@pytest.mark.usefixtures("projects")
@pytest.mark.parametrize("width", [320, 390, 640, 860, 1280, 1600])
def test_pages_fit_into_the_window(live_server, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    for path in (*PATHS[:4], f"/project/{'a' * 100}/", "/nowhere"):
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.usefixtures("projects")
def test_a_click_copies_the_code(live_server, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/project/sampleproject/")
    page.get_by_role("button", name="Copy").nth(1).click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "pip install --index-url https://localhost:8443/simple/ sampleproject==1.0"
