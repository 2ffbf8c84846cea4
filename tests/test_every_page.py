"""Every page that people open: readable by everybody, within the policy, light, and cheap for the database."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import axe
from tests.machine import needs_chromium
from tests.routes import path_of, routes
from tests.town import Town, make_town

pytestmark = pytest.mark.django_db(transaction=True)

MOST_BYTES, MOST_QUERIES = 50_000, 10
# Pages for people who are not signed in; to others they are redirects.
OUTSIDE = (
    "account/login/",
    "account/signup/",
    "account/password/reset/",
    "account/password/reset/done/",
    "account/^",
    "account/inactive/",
    "account/confirm-email/",
)
FURTHER = ["/?q=sample", "/?q=nothing-of-that-name", "/help/administration/", "/help/providers-github/", "/nowhere"]
PUBLISHING = "/manage/project/sampleproject/settings/publishing/"
FURTHER += [f"{PUBLISHING}?provider=gitlab", f"{PUBLISHING}?provider=github&owner=octo-org&repository=x"]
FURTHER += ["/manage/project/sampleproject/exchanges/?outcome=refused"]
ADMIN = ["/admin/", "/admin/tokens/exchange/", "/admin/publishers/publisher/", "/admin/registry/switch/"]
ADMIN += [f"/admin/tokens/{page}/" for page in ("apitoken/find", "provenance/who", "uploadtoken/revoke")]


@pytest.fixture
def town(transactional_db: None, issuer: Any, authority_file: str, settings: Any) -> Town:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow by design
    return make_town(issuer, authority_file)


@pytest.fixture
def alice(town: Town, client: Client) -> Client:
    client.force_login(town.people["alice"])
    return client


def pages(town: Town, client: Client) -> Iterator[str]:
    """The paths that answer with a page to who is signed in; what only takes forms or leads elsewhere is left out."""
    for route in routes():
        path = path_of(route, town.arguments)
        if client.get(path).status_code == 200:
            yield path


def own_bytes(html: str) -> int:
    """The page, its style sheets and its scripts, as they are without compression."""
    names = re.findall(r'(?:href|src)="/static/([^"]+\.(?:css|js))"', html)
    sizes = [Path(str(finders.find(name))).stat().st_size for name in names]
    return len(html.encode()) + sum(sizes)


def test_every_route_has_a_page_or_leads_to_one(town: Town, alice: Client):
    codes = {path: alice.get(path).status_code for path in (path_of(route, town.arguments) for route in routes())}
    assert {path: code for path, code in codes.items() if code not in {200, 301, 302, 401, 404, 405}} == {}
    missing = {path for path, code in codes.items() if code == 404}
    # No passkey, no single sign-on, nothing to confirm: these are opened where they are tested.
    assert {path for path in missing if not path.startswith(("/account/", "/manage/account/publishing/"))} == set()
    assert sum(code == 200 for code in codes.values()) > 45


def test_every_page_is_light_cheap_and_well_headed(town: Town, alice: Client):
    wrong = []
    for path in [*pages(town, alice), *FURTHER]:
        with CaptureQueriesContext(connection) as queries:
            answer = alice.get(path)
        html = answer.content.decode()
        wrong += [f"{path}: {len(queries)} queries"] if len(queries) > MOST_QUERIES else []
        wrong += [f"{path}: {own_bytes(html)} bytes"] if own_bytes(html) > MOST_BYTES else []
        wrong += [f"{path}: {html.count('<h1')} h1"] if html.count("<h1") != 1 else []
        wrong += [f"{path}: no title"] if not re.search(r"<title>\s*[^<\s][^<]*</title>", html) else []
        wrong += [f"{path}: no policy"] if "default-src 'none'" not in answer["Content-Security-Policy"] else []
    assert not wrong, "\n".join(wrong)


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_has_nothing_to_complain_of(town: Town, alice: Client, live_server, browser, settings, scheme):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    session = {"name": "sessionid", "value": alice.cookies["sessionid"].value, "url": live_server.url}
    boss = Client()
    boss.force_login(town.people["boss"])
    inside = [*pages(town, alice), *FURTHER]
    outside = [path_of(route, town.arguments) for route in routes() if route.startswith(OUTSIDE)]
    wrong: list[str] = []
    with browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}) as context:
        wrong += complaints(context, live_server.url, outside)
        context.add_cookies([session])
        wrong += complaints(context, live_server.url, inside)
        context.add_cookies([{**session, "value": boss.cookies["sessionid"].value}])
        wrong += complaints(context, live_server.url, ADMIN, with_axe=False)
    assert not wrong, "\n".join(wrong)


def complaints(context: Any, url: str, paths: list[str], *, with_axe: bool = True) -> list[str]:
    """What is wrong with pages: for a screen reader, for the policy, or in a narrow window."""
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    for path in paths:
        page.goto(url + path)
        if with_axe:
            wrong += [f"{path}: {found}" for found in axe.violations(page)]
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{path}: wider than {width}")
    page.close()
    return [said for said in wrong if "/nowhere" not in said or "404" not in said]
