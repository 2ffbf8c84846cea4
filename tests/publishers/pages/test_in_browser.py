"""The pages of publishers in a real browser: by keyboard, without scripts, on a phone."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from publishers.models import Issuer, Publisher
from registry.models import Project, User
from tests.machine import needs_chromium
from tests.publishers.pages.conftest import FIELDS, PAGE, PENDING
from tests.windows import fits

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]

LONG = {"owner": "o" * 39, "repository": "r" * 100, "workflow_filename": "release.yml", "environment": "e" * 100}


@dataclass(frozen=True)
class Window:
    """A page that is open."""

    page: Page
    has_scripts: bool


@pytest.fixture(autouse=True)
def plain_http(settings):
    """Chromium sends no secure cookie over plain HTTP."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False


@pytest.fixture(params=[(390, True), (390, False), (1280, True)], ids=["phone", "phone without scripts", "desk"])
def window(request, live_server, browser: Browser, client: Client, alice: User, project: Project) -> Iterator[Window]:
    """Alice's browser, which must have nothing to complain of."""
    width, scripts = request.param
    session = client.cookies["sessionid"].value
    with browser.new_context(java_script_enabled=scripts, viewport={"width": width, "height": 800}) as context:
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        yield Window(page, scripts)
        assert said == []


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the field or button of that name has the focus; links do not count."""
    named = "(at => at.href ? '' : at.name || at.textContent.trim())(document.activeElement)"
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(named) == name:
            return
    pytest.fail(f"{name} cannot be reached by the keyboard")


def test_a_publisher_is_added_by_keyboard(live_server, window):
    page = window.page
    page.goto(live_server.url + PAGE)
    tab_to(page, "address")
    page.keyboard.type("https://github.com/octo-org/sampleproject/blob/main/.github/workflows/release.yml")
    page.keyboard.press("Enter")
    page.get_by_text("These values come from the address").wait_for()
    tab_to(page, "environment")
    page.keyboard.type("pypi")
    sentence = page.locator(".sentence")
    if window.has_scripts:
        assert "release.yml in octo-org/sampleproject, in the environment pypi." in sentence.inner_text()
        assert page.get_by_text("Nothing narrows it").is_hidden()
    else:
        tab_to(page, "check")
        page.keyboard.press("Enter")
        page.get_by_text("Nothing is saved yet").wait_for()
        assert "in the environment pypi." in sentence.inner_text()
    tab_to(page, "Add publisher")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="The job to copy").wait_for()
    assert page.get_by_text("environment: pypi").first.is_visible()
    assert fits(window.page)
    assert Publisher.objects.get().values == {**FIELDS, "environment": "pypi"}


def test_rules_stand_in_the_sentence(live_server, window):
    Issuer.objects.create(url="https://k8s.example.com", provider="generic", name="Cluster", identity_claims=["sub"])
    page = window.page
    page.goto(f"{live_server.url}{PAGE}?provider=generic")
    page.get_by_label("sub").fill("system:serviceaccount:ci:publisher")
    page.get_by_label("Claim of rule 1").fill("ref")
    page.get_by_label("What rule 1 wants").fill("v1")
    if not window.has_scripts:
        page.get_by_role("button", name="Check").click()
    page.get_by_text("is system:serviceaccount:ci:publisher, where ref v1.").wait_for()
    assert page.get_by_text("No further claim narrows").is_hidden()
    assert fits(window.page)


def test_every_page_fits_with_long_names(live_server, window, publisher: Publisher, waiting: Publisher):
    Publisher.objects.filter(pk=publisher.pk).update(values=LONG, renamed_to={**LONG, "repository": "n" * 100})
    Publisher.objects.filter(pk=waiting.pk).update(values=LONG)
    page = window.page
    below = ["", f"?constrain={publisher.pk}&environment={'e' * 100}", f"?owner={'x' * 300}"]
    below += [f"{publisher.pk}/{path}" for path in ("", "job/", "remove/", "forget/", "names/")]
    for path in [*(PAGE + one for one in below), PENDING, f"{PENDING}{waiting.pk}/"]:
        page.goto(live_server.url + path)
        assert page.locator("h1").is_visible()
        assert fits(window.page), path
