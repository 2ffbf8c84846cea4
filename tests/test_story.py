"""A maintainer's first day: signs in, trusts a workflow, sees an exchange, and mends a refusal with one click."""

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
from tests.tokens.conftest import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]

PROJECT = "/manage/project/sampleproject"


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


def mint(world: World, **claims: Any) -> int:
    """A CI job asks for an upload token."""
    body = json.dumps({"token": world.token(**claims)})
    return Client().post("/_/oidc/mint-token", body, content_type="application/json").status_code


def with_a_passkey(page: Page) -> None:
    """Set one up, leave, and come back by it alone."""
    add_authenticator(page)
    sign_in(page)
    add_passkey(page, "Laptop")
    page.get_by_role("heading", name="Recovery codes").wait_for()
    sign_out(page)
    page.goto(f"/account/login/?next={PROJECT}/settings/publishing/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/settings/publishing/")


def with_an_app(page: Page) -> None:
    """Password and a code: what works without scripts."""
    page.goto(f"/account/login/?next={PROJECT}/settings/publishing/")
    page.get_by_label("Username or mail address").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    cache.clear()
    page.get_by_label("code").fill(code())
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/settings/publishing/")


def fits(page: Page) -> bool:
    """Whether nothing runs out of the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize(
    ("width", "scripts", "come_in"),
    [(1280, True, with_a_passkey), (390, True, with_a_passkey), (390, False, with_an_app)],
    ids=["desk", "phone", "phone without scripts"],
)
def test_from_the_sign_in_to_the_refusal_that_one_click_mends(
    world: World,
    opened: Callable[..., Page],  # noqa: F811
    width: int,
    scripts: bool,
    come_in: Callable[[Page], None],
):
    page = opened(width, scripts=scripts)
    if come_in is with_an_app:
        give_app(world.owner)
    come_in(page)

    # Trusts a workflow.
    page.get_by_label("Owner", exact=True).fill("octo-org")
    page.get_by_label("Repository", exact=True).fill("sampleproject")
    page.get_by_label("Workflow file").fill("release.yml")
    assert fits(page)
    page.get_by_role("button", name="Add publisher").click()
    page.get_by_role("heading", name="The job to copy").wait_for()
    assert "id-token: write" in page.content()
    assert Publisher.objects.get().values["workflow_filename"] == "release.yml"

    # The first exchange arrives.
    assert mint(world) == 200
    page.goto(f"{PROJECT}/exchanges/")
    expect(page.get_by_text("Granted").first).to_be_visible()
    assert fits(page)

    # Another workflow of the repository is refused, and is seen to be.
    other = str(world.local.github_claims()["workflow_ref"]).replace("release.yml", "publish.yml")
    elsewhere = {"workflow_ref": other, "job_workflow_ref": other}
    assert mint(world, **elsewhere) == 422
    page.goto(f"{PROJECT}/exchanges/?outcome=refused")
    page.get_by_role("main").get_by_role("link", name=re.compile("octo-org|Refused")).first.click()
    expect(page.get_by_text("publish.yml").first).to_be_visible()
    assert fits(page)

    # One click leads to the form, filled in; sending it is the person's.
    page.get_by_role("link", name=re.compile("publish.yml")).first.click()
    assert page.get_by_label("Workflow file").input_value() == "publish.yml"
    assert mint(world, **elsewhere) == 422
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/settings/publishing/"))
    assert mint(world, **elsewhere) == 200
