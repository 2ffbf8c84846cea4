"""Owners and invited people who do something at the same moment, on several worker processes."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from registry import invitations
from registry.models import Event, Invitation, Project, Release, Role, User
from registry.models.invitations import LIFETIME
from tests.factories import TESTER, make_file, make_project, make_user
from tests.live.test_at_once import at_once
from tests.server import RegistryServer

PROJECT = "/manage/project/sampleproject/"

Send = Callable[..., requests.Response]


@pytest.fixture
def browser_of(transactional_db: None, registry_server_with_four_workers: RegistryServer) -> Callable[[User], Send]:
    """Sign somebody in, here and not in a thread that would keep a connection; the browser then POSTs forms."""
    server = registry_server_with_four_workers
    token = "x" * 32

    def sign_in(user: User) -> Send:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value

        def send(path: str, form: dict[str, str] | None = None) -> requests.Response:
            return requests.post(
                server.url + path,
                {**(form or {}), "csrfmiddlewaretoken": token},
                cookies={settings.SESSION_COOKIE_NAME: session, "csrftoken": token},
                headers={"Referer": f"{server.url}/"},
                verify=server.ca_file,
                allow_redirects=False,
                timeout=30,
            )

        return send

    return sign_in


@pytest.fixture
def owners(transactional_db: None) -> list[User]:
    return [make_user("alice"), make_user("bob")]


@pytest.fixture
def project(owners: list[User]) -> Project:
    return make_project("sampleproject", *owners)


@pytest.fixture
def browsers(browser_of: Callable[[User], Send], owners: list[User]) -> list[Send]:
    """The owners' own."""
    return [browser_of(owner) for owner in owners]


@pytest.fixture
def carol(browser_of: Callable[[User], Send]) -> Send:
    """The browser of somebody who has no role."""
    return browser_of(make_user("carol"))


def codes(answers: list[Any]) -> set[int]:
    return {answer.status_code for answer in answers}


def count(tag: str) -> int:
    return Event.objects.filter(tag=tag).count()


def role_of_carol() -> str | None:
    return Role.objects.filter(user__username="carol").values_list("role", flat=True).first()


def test_an_invitation_accepted_many_times_at_once_gives_one_role(carol: Send, project: Project, owners: list[User]):
    row = invitations.invite(project, "carol", Role.Kind.MAINTAINER, by=owners[0], actor=TESTER)
    answers = at_once(8, lambda _number: carol(f"/manage/invitation/{row.pk}/accept/"))
    assert codes(answers) == {302}
    assert role_of_carol() == "maintainer"
    assert (count("project:role:accept"), count("project:role:add")) == (1, 3)
    assert not Invitation.objects.exists()


def test_an_invitation_is_accepted_or_revoked_and_not_both(
    carol: Send, browsers: list[Send], project: Project, owners: list[User]
):
    row = invitations.invite(project, "carol", Role.Kind.OWNER, by=owners[0], actor=TESTER)
    acts = [
        (carol, f"/manage/invitation/{row.pk}/accept/"),
        (browsers[0], f"{PROJECT}collaboration/invitation/{row.pk}/revoke/"),
    ]
    assert codes(at_once(6, lambda number: acts[number % 2][0](acts[number % 2][1]))) == {302}
    assert count("project:role:accept") + count("project:role:revoke_invite") == 1
    assert (role_of_carol() is not None) == bool(count("project:role:accept"))


def test_two_owners_who_invite_the_same_person_invite_once(browsers: list[Send], project: Project):
    form = {"invitee": "new@example.com", "role": "owner"}
    answers = at_once(4, lambda number: browsers[number % 2](f"{PROJECT}collaboration/invite/", form))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 302]
    assert Invitation.objects.count() == count("project:role:invite") == 1


def test_two_owners_who_send_the_mail_again_send_one(browsers: list[Send], project: Project, owners: list[User]):
    row = invitations.invite(project, "new@example.com", Role.Kind.OWNER, by=owners[0], actor=TESTER)
    Invitation.objects.update(sent_at=timezone.now() - LIFETIME)
    Email.objects.all().delete()
    path = f"{PROJECT}collaboration/invitation/{row.pk}/resend/"
    assert codes(at_once(4, lambda number: browsers[number % 2](path))) == {302}
    assert Email.objects.count() == 1


def test_of_two_owners_who_remove_each_other_one_stays(browsers: list[Send], project: Project, owners: list[User]):
    keys = [Role.objects.get(user=owner).pk for owner in reversed(owners)]
    at_once(2, lambda number: browsers[number](f"{PROJECT}collaboration/role/{keys[number]}/remove/"))
    assert Role.objects.filter(project=project, role="owner").count() == 1


def test_of_two_owners_who_leave_one_stays(browsers: list[Send], project: Project):
    assert codes(at_once(2, lambda number: browsers[number](f"{PROJECT}collaboration/leave/"))) == {302}
    assert Role.objects.filter(project=project, role="owner").count() == 1


@pytest.mark.parametrize(("what", "tag"), [("yank", "yank"), ("delete", "remove")])
def test_what_two_owners_do_to_a_release_at_once_happens_once(
    browsers: list[Send], project: Project, what: str, tag: str
):
    make_file(project)
    form = {"typed": "1.0", "reason": "Broken"}
    answers = at_once(6, lambda number: browsers[number % 2](f"{PROJECT}releases/1.0/{what}/", form))
    assert codes(answers) <= {302, 404}
    assert count(f"project:release:{tag}") == 1
    assert Release.objects.count() == (1 if what == "yank" else 0)


def test_a_project_that_is_deleted_while_somebody_accepts_is_gone(
    carol: Send, browsers: list[Send], project: Project, owners: list[User]
):
    row = invitations.invite(project, "carol", Role.Kind.OWNER, by=owners[0], actor=TESTER)
    acts = [(carol, f"/manage/invitation/{row.pk}/accept/")]
    acts += [(browser, f"{PROJECT}settings/delete/") for browser in browsers]
    answers = at_once(6, lambda number: acts[number % 3][0](acts[number % 3][1], {"typed": "sampleproject"}))
    assert codes(answers) <= {302, 404}
    assert not Project.objects.exists()
    assert count("project:remove") == 1
