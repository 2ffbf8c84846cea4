"""The pages in a real browser: nothing that the policy forbids, nothing that runs out of the window."""

import pytest

from publishers.models import Publisher
from tests.factories import make_file, make_project, make_user
from tests.machine import needs_chromium
from tests.windows import fits, too_narrow

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]

PATHS = [
    "/",
    "/?q=sample",
    "/project/sampleproject/",
    "/project/empty/",
    "/help/",
    "/help/publishing/",
    "/simple/",
    "/account/login/",
]
ADMIN_PATHS = ["/admin/", "/admin/registry/project/", "/admin/publishers/publisher/add/", "/admin/registry/user/"]

MARKDOWN = (
    """
# Title

![A logo](https://images.example/logo.png) [![badge](https://images.example/b.svg)](https://ci.example/)

| a | """
    + "long " * 30
    + """ |
| - | - |
| 1 | `"""
    + "x" * 200
    + """` |

```python
import os  # """
    + "long " * 60
    + """
```
"""
    + "long " * 500
)


@pytest.fixture
def owner():
    return make_user("alice", is_staff=True, is_superuser=True)


@pytest.fixture
def projects(owner):
    make_file(
        make_project("sampleproject", owner),
        summary="Does things " * 20,
        description=MARKDOWN,
        description_content_type="text/markdown",
    )
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
@pytest.mark.parametrize("scripts", [True, False])
def test_a_generic_issuer_and_its_publisher_are_added_in_the_admin(
    live_server, browser, client, owner, settings, scripts
):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    client.force_login(owner)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    with browser.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800}) as context:
        context.add_cookies([session])
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{live_server.url}/admin/publishers/issuer/add/")
        page.get_by_role("link", name="Forgejo Actions").click()
        page.get_by_label("Url:", exact=True).fill("https://git.example.com/api/actions")
        page.get_by_role("button", name="Save", exact=True).click()
        page.goto(f"{live_server.url}/admin/publishers/publisher/add/")
        page.get_by_label("Issuer:").select_option("Forgejo Actions")
        page.get_by_label("Project:").fill("sampleproject")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("repository:").fill("acme/tool")
        page.get_by_label("workflow:").fill("release.yml")
        page.get_by_label("Claim of rule 1").fill("ref")
        page.get_by_label("How rule 1 compares").select_option("matches the pattern")
        page.get_by_label("What rule 1 wants").fill("*")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("Rule 1 (ref): A pattern must begin with literal text").wait_for()
        page.get_by_label("What rule 1 wants").fill("refs/tags/v*")
        page.get_by_label("Claim of rule 3").fill("event_name")
        page.get_by_label("What rule 3 wants").fill("push")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("link", name="Generic OpenID Connect:").click()
        assert page.get_by_label("Claim of rule 2").input_value() == "event_name"
        assert fits(page)
    assert Publisher.objects.get().values["claims"] == [
        {"claim": "ref", "glob": "refs/tags/v*"},
        {"claim": "event_name", "equals": "push"},
    ]
    assert said == []


@pytest.mark.usefixtures("projects")
def test_pages_fit_into_the_window(live_server, page):
    for path in (*PATHS[:6], f"/project/{'a' * 100}/", "/nowhere"):
        page.goto(live_server.url + path)
        assert too_narrow(page) == []


@pytest.mark.usefixtures("projects")
def test_a_click_copies_the_code(live_server, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{live_server.url}/project/sampleproject/")
    page.get_by_role("button", name="Copy").nth(1).click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "pip install --index-url https://localhost:8443/simple/ sampleproject==1.0"
