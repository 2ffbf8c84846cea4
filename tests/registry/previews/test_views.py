"""The pages with previews: there for developers, not there for anybody else."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from django.test import Client
from django.urls import clear_url_caches, resolve

from registry import urls
from registry.previews import letters
from registry.previews.samples import SAMPLES
from tests import axe
from tests.machine import needs_chromium
from tests.windows import too_narrow

PATHS = ["/dev/mails/", "/dev/mails/publisher-added/", "/dev/mails/publisher-added/light.html"]


@pytest.fixture
def developing(settings) -> Iterator[ModuleType]:
    """The addresses of a registry with DEBUG."""
    settings.DEBUG = True
    spare = sys.modules.pop("registry.urls")
    settings.ROOT_URLCONF = importlib.import_module("registry.urls")
    clear_url_caches()
    yield settings.ROOT_URLCONF
    sys.modules["registry.urls"] = spare
    clear_url_caches()


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_there_are_no_previews_outside_debug(client: Client, path: str):
    assert client.get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("developing")
@pytest.mark.parametrize("path", PATHS)
def test_there_are_previews_in_debug(client: Client, path: str):
    assert client.get(path).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("developing")
def test_all_mails_are_listed_and_open(client: Client):
    listed = client.get("/dev/mails/").content.decode()
    names = [*SAMPLES, *letters.of_sign_in()]
    assert len(names) > len(SAMPLES) + 10
    for name in names:
        assert f'href="/dev/mails/{name}/"' in listed
        page = client.get(f"/dev/mails/{name}/").content.decode()
        assert f'src="/dev/mails/{name}/dark.html"' in page
        mail = client.get(f"/dev/mails/{name}/dark.html")
        assert b"</html>" in mail.content
        assert b"prefers-color-scheme" not in mail.content


@pytest.mark.django_db
@pytest.mark.usefixtures("developing")
@pytest.mark.parametrize("path", ["no-mail/", "base/", "account/email/base/", "../base/", "publisher-added/green.html"])
def test_what_is_no_mail_is_not_found(client: Client, path: str):
    assert client.get(f"/dev/mails/{path}").status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("developing")
def test_a_mails_own_style_is_allowed_in_its_preview_and_nowhere_else(client: Client):
    mail = client.get("/dev/mails/publisher-added/light.html").headers
    assert mail["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert mail["X-Frame-Options"] == "SAMEORIGIN"
    page = client.get("/dev/mails/publisher-added/").headers
    assert "unsafe-inline" not in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"


def test_the_addresses_of_this_run_are_as_they_were():
    assert sys.modules["registry.urls"] is urls
    assert resolve("/").view_name == "front"


@needs_chromium
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("developing")
def test_every_mail_is_readable_by_everybody(live_server, browser):
    with browser.new_context() as context:
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        for name in SAMPLES:
            page.goto(f"{live_server.url}/dev/mails/{name}/light.html")
            assert axe.violations(page) == [], name
            assert too_narrow(page, (390, 800)) == []
            page.goto(f"{live_server.url}/dev/mails/{name}/dark.html")
            assert axe.violations(page, rules=axe.COLOURS) == [], name
    assert said == []


@needs_chromium
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("developing")
def test_the_page_shows_the_mail_in_frames(live_server, page):
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{live_server.url}/dev/mails/publisher-added/")
    page.frame_locator("iframe").nth(1).get_by_role("heading", name="trusted publisher added").wait_for()
    assert axe.violations(page) == []
    assert said == []
