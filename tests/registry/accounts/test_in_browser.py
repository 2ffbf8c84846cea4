"""Signing in with a real browser: passkeys of a virtual authenticator, an app, single sign-on, no JavaScript."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, Page, expect

from registry.models import ProhibitedName, User
from tests import axe
from tests.machine import needs_chromium
from tests.openid import CLIENT, SECRET, OpenIDProvider
from tests.registry.accounts.people import PASSWORD, code, give_app, tags
from tests.windows import too_narrow

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]

PATHS = [
    "/account/",
    "/account/email/",
    "/account/sessions/",
    "/account/password/change/",
    "/account/2fa/",
    "/account/2fa/totp/activate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/3rdparty/",
    "/account/reauthenticate/",
    "/account/logout/",
]
STRANGERS = ["/account/login/", "/account/signup/", "/account/password/reset/", "/account/confirm-email/"]

HOME = re.compile(r":\d+/$")

Opened = Callable[..., Page]


@pytest.fixture
def opened(live_server: Any, browser: Browser, settings: Any) -> Iterator[Opened]:
    """Open pages in profiles of their own; none may complain, or be wider than its window."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False  # Chromium sends none over plain HTTP
    said: list[str] = []
    contexts = []

    def open_page(width: int = 390, *, scripts: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 800}, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not [one for one in said if "status of 4" not in one]


@pytest.fixture
def boss(alice: User) -> User:
    User.objects.update(is_staff=True, is_superuser=True)
    return alice


def add_authenticator(page: Page, *, verifies: bool = True) -> tuple[Any, str]:
    """A passkey device in the browser of ``page``."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal" if verifies else "usb",
        "hasResidentKey": verifies,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    answer = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, answer["authenticatorId"]


def sign_in(page: Page) -> None:
    page.goto("/account/login/")
    page.get_by_label("Username or mail address").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(HOME)


def add_passkey(page: Page, name: str, *, alone: bool = True) -> None:
    page.goto("/account/2fa/webauthn/add/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add the passkey").click()


def make_it_late(page: Page) -> None:
    """As if the sign-in had been an hour ago."""
    from django.contrib.sessions.models import Session

    from registry.sessions import SessionStore

    for row in Session.objects.all():
        store = SessionStore(row.session_key)
        for record in store.get("account_authentication_methods", []):
            record["at"] -= 3600
        store.save()


def test_a_passkey_is_added_signs_in_and_confirms(opened: Opened, boss: User, settings: Any):
    settings.REQUIRE_2FA = True
    page = opened()
    add_authenticator(page)
    sign_in(page)
    add_passkey(page, "Laptop")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/account/2fa/webauthn/")
    expect(page.get_by_text("signs in alone")).to_be_visible()
    sign_out(page)
    page.goto("/account/login/?next=/account/2fa/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile(r":\d+/account/2fa/$"))
    assert [tag for tag in tags(boss) if "success" in tag] == ["account:login:success"] * 2
    make_it_late(page)
    page.goto("/admin/registry/prohibitedname/add/")
    page.get_by_label("Name:").fill("kept-for-later")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use the passkey").click()
    page.wait_for_url("**/admin/registry/prohibitedname/")
    assert ProhibitedName.objects.get().name == "kept-for-later"


def test_a_security_key_is_a_second_factor_only(opened: Opened, alice: User):
    page = opened(1280)
    add_authenticator(page, verifies=False)
    sign_in(page)
    add_passkey(page, "Yubikey", alone=False)
    page.get_by_role("heading", name="Recovery codes").wait_for()
    sign_out(page)
    sign_in(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(HOME)
    page.goto("/account/")
    expect(page.get_by_text("Passkey: Yubikey")).to_be_visible()
    page.goto("/account/2fa/webauthn/")
    page.get_by_role("link", name="Rename it").click()
    page.get_by_label("Name").fill("Key on the ring")
    page.get_by_role("button", name="Rename it").click()
    page.get_by_text("Key on the ring").wait_for()
    page.get_by_role("link", name="Remove it").click()
    page.get_by_role("button", name="Remove the passkey").click()
    page.get_by_text("You have no passkey").wait_for()
    assert not Authenticator.objects.exists()


def test_a_device_that_fails_says_why(opened: Opened, alice: User):
    page = opened()
    session, authenticator = add_authenticator(page)
    sign_in(page)
    add_passkey(page, "Laptop")
    page.get_by_role("heading", name="Recovery codes").wait_for()
    add_passkey(page, "Laptop again")
    page.get_by_text("This device or key is added already.").wait_for()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    sign_out(page)
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("No passkey was given").wait_for()


def test_a_passkey_of_an_account_that_is_gone_signs_nobody_in(opened: Opened, alice: User):
    page = opened()
    add_authenticator(page)
    sign_in(page)
    add_passkey(page, "Laptop")
    page.get_by_role("heading", name="Recovery codes").wait_for()
    sign_out(page)
    Authenticator.objects.all().delete()
    page.goto("/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.locator(".notice.error").wait_for()
    page.goto("/account/")
    page.get_by_role("heading", name="Sign in").wait_for()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_app_is_set_up_and_signs_in(opened: Opened, alice: User, scripts: bool):
    page = opened(scripts=scripts)
    sign_in(page)
    page.goto("/account/2fa/")
    page.get_by_role("link", name="Set up an app").click()
    assert page.get_by_alt_text("QR code").evaluate("image => image.naturalWidth") > 100 if scripts else True
    secret = page.locator(".claims code").first.text_content() or ""
    page.get_by_label("Code from the app").fill(code(secret))
    page.get_by_role("button", name="Set up the app").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    recovery = re.findall(r"\d{8}", page.locator("pre.codes").text_content() or "")
    assert len(recovery) == 10
    sign_out(page)
    sign_in(page)
    page.get_by_label("Code").fill(recovery[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(HOME)
    page.goto("/account/")
    page.get_by_text("9 recovery codes left").wait_for()


@pytest.mark.parametrize("scripts", [True, False])
def test_single_sign_on_leads_there_and_back(
    opened: Opened, alice: User, settings: Any, signing_key: Any, live_server: Any, scripts: bool
):
    with OpenIDProvider(key=signing_key) as provider:
        settings.SSO_ISSUER, settings.SSO_CLIENT_ID, settings.SSO_CLIENT_SECRET = provider.url, CLIENT, SECRET
        settings.SITE_URL = live_server.url
        page = opened(scripts=scripts)
        sign_in(page)
        page.goto("/account/")
        page.get_by_role("button", name="Connect").click()
        page.get_by_text("Single sign-on is connected.").wait_for()
        sign_out(page)
        page.goto("/account/login/")
        page.get_by_role("button", name="Sign in with single sign-on").click()
        page.wait_for_url(f"{live_server.url}/")
        page.goto("/account/")
        page.get_by_role("heading", name="alice").wait_for()


def test_pages_fit_into_the_window(opened: Opened, alice: User, settings: Any):
    User.objects.update(username="a" * 150, email=f"{'b' * 60}@{'c' * 60}.example")
    settings.SIGNUP_OPEN = True
    page = opened(1280)

    def look_at(paths: list[str]) -> list[str]:
        found = []
        for path in paths:
            page.goto(path)
            found += too_narrow(page)
        return found

    assert look_at(STRANGERS) == []
    page.goto("/account/login/")
    page.get_by_label("Username or mail address").fill("a" * 150)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert look_at(PATHS) == []


def test_the_page_that_asks_for_a_code_has_nothing_that_a_screen_reader_stumbles_over(opened: Opened, alice: User):
    give_app(alice)  # all other pages are looked at in tests.test_every_page
    page = opened(1280)
    sign_in(page)
    page.get_by_label("Code").wait_for()
    assert axe.violations(page) == []
