"""The pages in a real browser, on a phone and on a desk, with scripts and without."""

import re

import pytest

from tests.machine import needs_chromium
from tests.tokens.test_exchange import mint
from tests.windows import fits
from tokens.models import ApiToken, Exchange

pytestmark = needs_chromium

SIZES = {"phone": 390, "desk": 1280}


@pytest.fixture(params=[(width, scripts) for width in SIZES for scripts in (True, False)], ids=str)
def tab(request, gate, live_server, browser, settings):
    """Alice's browser."""
    # Chromium sends no secure cookie over plain HTTP.
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    width, scripts = request.param
    session = gate.as_("alice").cookies["sessionid"].value
    size = {"width": SIZES[width], "height": 800}
    with browser.new_context(java_script_enabled=scripts, viewport=size) as context:
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        yield page
        assert not said


def test_from_the_list_to_a_refusal_to_the_filled_form(gate, live_server, tab):
    gate.narrow(environment="pypi")
    gate.exchange(environment="a-staging-area-with-a-long-name-" * 5)
    tab.goto(f"{live_server.url}/manage/project/sampleproject/exchanges/")
    assert fits(tab)
    tab.get_by_label("Outcome").select_option("Refused")
    tab.get_by_role("button", name="Filter").click()
    tab.get_by_role("link", name=re.compile("octo-org")).click()
    tab.get_by_text("This token comes from environment").wait_for()
    assert fits(tab)
    address = tab.get_by_role("link", name=re.compile("^Use environment a-staging")).get_attribute("href")
    assert address.startswith(
        f"/manage/project/sampleproject/settings/publishing/{gate.world.publisher.pk}/?environment=a-staging-area"
    )


def test_a_token_is_created_and_a_reload_creates_no_second_one(live_server, tab):
    tab.goto(f"{live_server.url}/manage/account/token/")
    tab.get_by_role("link", name="Create token").click()
    tab.get_by_label("Name", exact=True).fill("laptop with a long name that people still give")
    tab.get_by_role("checkbox", name="upload add files").check()
    tab.get_by_role("checkbox", name="download read").check()
    tab.get_by_role("checkbox", name="sampleproject").check()
    tab.get_by_role("button", name="Create token").click()
    tab.get_by_text("This is the only time that it is shown").wait_for()
    assert fits(tab)
    text = tab.locator("pre.secret code").inner_text()
    assert text.startswith("gth_api_")
    assert text not in tab.url
    tab.reload()
    tab.get_by_text("This form was sent before").wait_for()
    assert text not in tab.content()
    assert ApiToken.objects.count() == 1
    tab.get_by_role("link", name=re.compile("^Revoke")).click()
    tab.get_by_role("button", name="Revoke token").wait_for()
    assert fits(tab)
    tab.get_by_role("button", name="Revoke token").click()
    tab.get_by_text("It opens nothing any more.").wait_for()


def test_a_granted_exchange_fits(gate, client, live_server, tab):
    mint(client, gate.world.token())
    tab.goto(f"{live_server.url}/manage/project/sampleproject/exchanges/{Exchange.objects.get().pk}/")
    tab.get_by_text("An upload token was granted").wait_for()
    assert fits(tab)
