"""A maintainer's first day: signs in, trusts a workflow, sees an exchange, and mends refusals with one click each."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from publishers.models import Issuer, Publisher
from publishers.providers.github import GitHub
from tests.machine import needs_chromium
from tests.registry.accounts.people import PASSWORD, code, give_app
from tests.registry.accounts.test_in_browser import (  # noqa: F401  a fixture
    add_authenticator,
    add_passkey,
    opened,
    sign_in,
    sign_out,
)
from tests.tokens.conftest import IDS, World, make_world
from tests.windows import fits

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]

PROJECTS = "/manage/projects/"


@pytest.fixture
def world(transactional_db: None, issuer: Any, authority_file: str, settings: Any) -> World:
    """A project of alice's that trusts nobody yet; GitHub is the local issuer, whose API is not asked."""
    settings.REQUIRE_2FA = True
    world = make_world(issuer, authority_file)
    world.publisher.delete()
    Issuer.objects.filter(url=GitHub.default_issuer).update(enabled=False)
    world.owner.set_password(PASSWORD)
    world.owner.save()
    EmailAddress.objects.create(user=world.owner, email=world.owner.email, verified=True, primary=True)
    return world


def mint(world: World, workflow: str, environment: str) -> int:
    """A CI job asks for an upload token."""
    job = world.local.github_claims(workflow=workflow, environment=environment)
    body = json.dumps({"token": world.local.sign(job)})
    return Client().post("/_/oidc/mint-token", body, content_type="application/json").status_code


def with_a_passkey(page: Page, world: World) -> None:
    """Set one up, leave, and come back by it alone."""
    add_authenticator(page)
    sign_in(page)
    add_passkey(page, "Laptop")
    page.get_by_role("heading", name="Recovery codes").wait_for()
    sign_out(page)
    page.goto(f"/account/login/?next={PROJECTS}")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"**{PROJECTS}")


def with_an_app(page: Page, world: World) -> None:
    """Password and a code: what works without scripts."""
    give_app(world.owner)
    page.goto(f"/account/login/?next={PROJECTS}")
    page.get_by_label("Username or mail address").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    cache.clear()
    page.get_by_label("code").fill(code())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"**{PROJECTS}")


def open_tab(page: Page, name: str) -> None:
    """A page of the project, by its tab."""
    page.get_by_role("main").get_by_role("link", name=name, exact=True).click()
    page.wait_for_load_state()
    assert fits(page), name


def add_from_address(page: Page, address: str) -> None:
    """Paste, look at what it fills in, say the rest, send."""
    page.get_by_label("Paste an address").fill(address)
    page.get_by_role("button", name="Fill in").click()
    page.get_by_text("These values come from the address").wait_for()
    assert page.get_by_label("Owner", exact=True).input_value() == "octo-org"
    assert page.get_by_label("Repository", exact=True).input_value() == "sampleproject"
    page.get_by_label("Workflow file").fill("release.yml")
    page.get_by_label("Environment", exact=False).first.fill("pypi")
    assert fits(page)
    page.get_by_role("button", name="Add publisher").click()
    page.get_by_role("heading", name="The job to copy").wait_for()
    assert fits(page)


def copied(page: Page) -> str:
    """What the clipboard holds after the first job's button."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").first.click()
    page.get_by_role("button", name="Copied").first.wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


def open_refusal(page: Page, claim: str) -> None:
    """The newest one, which says what differs."""
    open_tab(page, "Exchanges")
    refused = page.get_by_role("row").filter(has_text="Refused").first
    expect(refused).to_contain_text(claim)
    refused.get_by_role("link").first.click()
    page.get_by_role("heading", name="An upload token was refused").wait_for()
    differs = page.get_by_role("row").filter(has_text="differs")
    expect(differs).to_have_count(1)
    expect(differs).to_contain_text(claim)
    assert fits(page)


@pytest.mark.parametrize(
    ("width", "scripts", "come_in"),
    [(1280, True, with_a_passkey), (390, True, with_a_passkey), (1280, False, with_an_app), (390, False, with_an_app)],
    ids=["desk", "phone", "desk without scripts", "phone without scripts"],
)
def test_from_the_sign_in_to_the_refusals_that_one_click_mends(
    world: World,
    opened: Callable[..., Page],  # noqa: F811
    width: int,
    scripts: bool,
    come_in: Callable[[Page, World], None],
):
    page = opened(width, scripts=scripts)
    come_in(page, world)
    page.get_by_role("link", name="sampleproject").first.click()

    # Trusts a workflow, and takes the job along.
    open_tab(page, "Publishing")
    add_from_address(page, f"{world.local.url}/octo-org/sampleproject")
    job = copied(page) if scripts else page.locator("pre.job").first.inner_text()
    assert "id-token: write" in job
    assert "environment: pypi" in job

    # The first exchange arrives, and pins the ids.
    open_tab(page, "Publishing")
    expect(page.get_by_text("Its ids are not pinned yet")).to_be_visible()
    assert mint(world, "release.yml", "pypi") == 200
    open_tab(page, "Exchanges")
    expect(page.get_by_role("row").filter(has_text="Granted")).to_have_count(1)
    assert Publisher.objects.get().pins == IDS
    open_tab(page, "Publishing")
    expect(page.get_by_text("Its ids are not pinned yet")).to_have_count(0)

    # Another workflow is refused. One click leads to the publisher's form; sending it is the person's.
    assert mint(world, "publish.yml", "pypi") == 422
    open_refusal(page, "publish.yml")
    page.get_by_role("link", name=re.compile("^Trust workflow file publish.yml")).click()
    assert page.get_by_label("Workflow file").input_value() == "publish.yml"
    assert mint(world, "publish.yml", "pypi") == 422
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/settings/publishing/")
    assert mint(world, "publish.yml", "pypi") == 200

    # Another environment is refused. The other link leads to the form that adds a publisher beside.
    assert mint(world, "publish.yml", "staging") == 422
    open_refusal(page, "staging")
    page.get_by_role("link", name=re.compile("^Add a publisher for .*environment staging")).click()
    page.get_by_text("These values come from a link").wait_for()
    assert page.get_by_label("Environment", exact=False).first.input_value() == "staging"
    page.get_by_role("button", name="Add publisher").click()
    page.get_by_role("heading", name="The job to copy").wait_for()
    assert mint(world, "publish.yml", "staging") == 200
    assert mint(world, "publish.yml", "pypi") == 200
    open_tab(page, "Exchanges")
    expect(page.get_by_role("row").filter(has_text="Granted")).to_have_count(4)
