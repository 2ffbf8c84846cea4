"""The admin's front page in a real browser."""

import pytest
from django.test import Client

from tests.factories import make_user
from tests.machine import needs_chromium

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]


def test_it_takes_the_whole_window(live_server, page, client: Client, settings):
    settings.SESSION_COOKIE_SECURE = False
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{live_server.url}/admin/")
    page.get_by_role("heading", name="Uploaded files").wait_for()
    assert page.locator("#header").evaluate("header => header.clientWidth") == page.evaluate(
        "document.documentElement.clientWidth"
    )
