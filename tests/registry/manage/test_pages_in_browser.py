"""A project's pages in a real browser: with and without JavaScript, on a phone and on a desk."""

from typing import Any

import pytest
from django.test import Client

from registry import invitations
from registry.models import Invitation, Project, Release, Role, User
from registry.roles import set_role
from tests.factories import TESTER, make_file, make_project, make_user
from tests.machine import needs_chromium
from tests.windows import fits

pytestmark = [pytest.mark.django_db(transaction=True), needs_chromium]

PROJECT = "/manage/project/sampleproject/"


@pytest.fixture
def alice() -> User:
    return make_user("alice")


@pytest.fixture
def project(alice: User) -> Project:
    """With long names in it."""
    project = make_project("sampleproject", alice)
    make_file(project, "1.0", tag="cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_2_x86_64")
    make_file(project, "2!1.0.post1.dev2+a.very.long.local.version.that.somebody.has.thought.of")
    set_role(project, make_user("b" * 150), Role.Kind.MAINTAINER, actor=TESTER)
    invitations.invite(project, f"{'c' * 60}@{'long-' * 10}example.com", "owner", by=alice, actor=TESTER)
    make_project("a" * 100, alice)
    return project


@pytest.fixture(params=[(390, True), (390, False), (1280, True)], ids=["phone", "phone without scripts", "desk"])
def browsing(
    request: pytest.FixtureRequest, browser: Any, live_server: Any, client: Client, alice: User, settings: Any
):
    """A page of alice's browser, which must have nothing to complain of."""
    width, scripts = request.param
    # Chromium sends no secure cookie over plain HTTP.
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    client.force_login(alice)
    session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    said: list[str] = []
    with browser.new_context(
        java_script_enabled=scripts, viewport={"width": width, "height": 800}, base_url=live_server.url
    ) as context:
        context.add_cookies([session])
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        yield page
    assert said == []


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "path",
    [
        "/manage/projects/",
        "/manage/account/history/",
        *(f"{PROJECT}{page}/" for page in ("releases", "releases/1.0", "releases/1.0/delete", "collaboration")),
        *(f"{PROJECT}{page}/" for page in ("history", "settings", "settings/delete")),
    ],
)
def test_a_page_fits_into_the_window(browsing, path: str):
    assert browsing.goto(path).status == 200
    assert fits(browsing)


@pytest.mark.usefixtures("project")
def test_an_owner_finds_the_way(browsing):
    browsing.goto("/manage/projects/")
    browsing.get_by_role("link", name="sampleproject").click()
    browsing.get_by_role("link", name="1.0", exact=True).click()
    browsing.get_by_role("link", name="Yank").click()
    browsing.get_by_label("Reason").fill("Broken on Windows")
    browsing.get_by_role("button", name="Yank release").click()
    browsing.get_by_text("1.0 is yanked.").wait_for()
    assert Release.objects.get(version="1.0").yanked_reason == "Broken on Windows"
    browsing.get_by_role("link", name="Collaboration").click()
    browsing.get_by_label("Username or mail address").fill("dave@example.com")
    browsing.get_by_label("Owner. Manages").check()
    browsing.get_by_role("button", name="Invite", exact=True).click()
    browsing.get_by_text("dave@example.com is invited.").wait_for()
    assert Invitation.objects.get(email="dave@example.com").role == "owner"
    browsing.get_by_role("link", name="History", exact=True).first.click()
    browsing.get_by_label("What").select_option("People")
    browsing.get_by_role("button", name="Filter").click()
    browsing.get_by_text("Invited dave@example.com as owner").wait_for()
    browsing.get_by_role("link", name="Settings").click()
    browsing.get_by_label("Archived.").check()
    browsing.get_by_role("button", name="Save settings").click()
    browsing.get_by_text("The settings are saved.").wait_for()
    assert Project.objects.get(name="sampleproject").status == "archived"
