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
from registry.roles import set_role
from tests.factories import TESTER, make_file, make_project, make_user
from tests.live.test_at_once import at_once
from tests.server import RegistryServer

Send = Callable[..., requests.Response]


@pytest.fixture
def send(transactional_db: None, registry_server_with_four_workers: RegistryServer) -> Send:
    """POST a form as somebody's browser does."""
    server = registry_server_with_four_workers

    def post(user: User, path: str, form: dict[str, str]) -> requests.Response:
        browser = Client()
        browser.force_login(user)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        token = "x" * 32
        return requests.post(
            server.url + path,
            {**form, "csrfmiddlewaretoken": token},
            cookies={settings.SESSION_COOKIE_NAME: session, "csrftoken": token},
            headers={"Referer": f"{server.url}/"},
            verify=server.ca_file,
            allow_redirects=False,
            timeout=30,
        )

    return post


@pytest.fixture
def owners(transactional_db: None) -> list[User]:
    return [make_user("alice"), make_user("bob")]


@pytest.fixture
def project(owners: list[User]) -> Project:
    return make_project("sampleproject", *owners)


def codes(answers: list[Any]) -> set[int]:
    return {answer.status_code for answer in answers}


def count(tag: str) -> int:
    return Event.objects.filter(tag=tag).count()


def test_an_invitation_that_is_accepted_eight_times_at_once_gives_one_role(
    send: Send, project: Project, owners: list[User]
):
    carol = make_user("carol")
    row = invitations.invite(project, "carol", Role.Kind.MAINTAINER, by=owners[0], actor=TESTER)
    answers = at_once(8, lambda _number: send(carol, f"/manage/invitation/{row.pk}/accept/", {}))
    assert codes(answers) == {302}
    assert Role.objects.filter(user=carol).count() == 1
    assert (count("project:role:accept"), count("project:role:add")) == (1, 3)
    assert not Invitation.objects.exists()


def test_an_invitation_is_accepted_or_revoked_and_not_both(send: Send, project: Project, owners: list[User]):
    carol = make_user("carol")
    row = invitations.invite(project, "carol", Role.Kind.OWNER, by=owners[0], actor=TESTER)
    paths = [
        (carol, f"/manage/invitation/{row.pk}/accept/"),
        (owners[0], f"/manage/project/sampleproject/collaboration/invitation/{row.pk}/revoke/"),
    ]
    assert codes(at_once(6, lambda number: send(*paths[number % 2], {}))) == {302}
    assert count("project:role:accept") + count("project:role:revoke_invite") == 1
    assert Role.objects.filter(user=carol).count() == count("project:role:accept")


def test_two_owners_who_invite_the_same_person_invite_once(send: Send, project: Project, owners: list[User]):
    form = {"invitee": "new@example.com", "role": "owner"}
    path = "/manage/project/sampleproject/collaboration/invite/"
    answers = at_once(4, lambda number: send(owners[number % 2], path, form))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 302]
    assert Invitation.objects.count() == count("project:role:invite") == 1


def test_two_owners_who_send_the_mail_again_send_one(send: Send, project: Project, owners: list[User]):
    row = invitations.invite(project, "new@example.com", Role.Kind.OWNER, by=owners[0], actor=TESTER)
    Invitation.objects.update(sent_at=timezone.now() - LIFETIME)
    Email.objects.all().delete()
    path = f"/manage/project/sampleproject/collaboration/invitation/{row.pk}/resend/"
    assert codes(at_once(4, lambda number: send(owners[number % 2], path, {}))) == {302}
    assert Email.objects.count() == 1


def test_of_two_owners_who_remove_each_other_one_stays(send: Send, project: Project, owners: list[User]):
    keys = [Role.objects.get(user=owner).pk for owner in reversed(owners)]
    path = "/manage/project/sampleproject/collaboration/role/{}/remove/"
    at_once(2, lambda number: send(owners[number], path.format(keys[number]), {}))
    assert Role.objects.filter(project=project, role="owner").count() == 1


def test_of_two_owners_who_leave_one_stays(send: Send, project: Project, owners: list[User]):
    path = "/manage/project/sampleproject/collaboration/leave/"
    assert codes(at_once(2, lambda number: send(owners[number], path, {}))) == {302}
    assert Role.objects.filter(project=project, role="owner").count() == 1


@pytest.mark.parametrize(("what", "tag"), [("yank", "yank"), ("delete", "remove")])
def test_what_two_owners_do_to_a_release_at_once_happens_once(
    send: Send, project: Project, owners: list[User], what: str, tag: str
):
    make_file(project)
    path, form = f"/manage/project/sampleproject/releases/1.0/{what}/", {"typed": "1.0", "reason": "Broken"}
    answers = at_once(6, lambda number: send(owners[number % 2], path, form))
    assert codes(answers) <= {302, 404}
    assert count(f"project:release:{tag}") == 1
    assert Release.objects.count() == (1 if what == "yank" else 0)


def test_a_project_that_is_deleted_while_somebody_accepts_is_gone(send: Send, project: Project, owners: list[User]):
    carol = make_user("carol")
    row = invitations.invite(project, "carol", Role.Kind.OWNER, by=owners[0], actor=TESTER)
    set_role(project, owners[1], Role.Kind.OWNER, actor=TESTER)
    acts = [
        (carol, f"/manage/invitation/{row.pk}/accept/"),
        (owners[0], "/manage/project/sampleproject/settings/delete/"),
        (owners[1], "/manage/project/sampleproject/settings/delete/"),
    ]
    answers = at_once(6, lambda number: send(*acts[number % 3], {"typed": "sampleproject"}))
    assert codes(answers) <= {302, 404}
    assert not Project.objects.exists()
    assert count("project:remove") == 1
