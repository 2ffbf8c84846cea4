"""Invitations: sent by owners, answered by whoever is meant, and by nobody else."""

import datetime
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from registry import invitations
from registry.models import Event, Invitation, Project, Role, User
from registry.roles import remove_role, set_role
from tests.factories import TESTER, make_user
from tests.registry.manage.conftest import by_alice, said

pytestmark = pytest.mark.django_db

PAGE = "/manage/project/sample-project/collaboration/"
PROJECTS = "/manage/projects/"


@pytest.fixture
def invited(project: Project, alice: User, carol: User) -> Invitation:
    """Of carol, by her account."""
    return invitations.invite(project, "carol", "owner", by=alice, actor=TESTER)


@pytest.fixture
def by_mail(project: Project, alice: User, carol: User) -> Invitation:
    """Of an address that carol has verified."""
    EmailAddress.objects.create(user=carol, email="Carol@work.example", verified=True)
    return invitations.invite(project, "CAROL@work.example", "maintainer", by=alice, actor=TESTER)


def page_of(invitation: Invitation, what: str = "") -> str:
    return f"/manage/invitation/{invitation.pk}/{what}"


def post(client: Client, path: str) -> str:
    return said(client.post(path, follow=True))


def role_of(user: User) -> str | None:
    return Role.objects.filter(user=user).values_list("role", flat=True).first()


def tags(**conditions: Any) -> list[str]:
    return list(Event.objects.filter(**conditions).order_by("pk").values_list("tag", flat=True))


def age(invitation: Invitation, **ago: float) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now() - datetime.timedelta(**ago))


def test_an_owner_invites_an_account(owner: Client, carol: User):
    Email.objects.all().delete()
    answer = owner.post(f"{PAGE}invite/", {"invitee": " carol ", "role": "owner"}, follow=True)
    assert said(answer) == "carol is invited."
    assert "carol" in answer.content.decode()
    row = Invitation.objects.get()
    assert (row.user, row.email, row.role, str(row.invited_by)) == (carol, "", "owner", "alice")
    assert [event.tag for event in by_alice()] == ["project:role:invite", "account:role:invite"]
    assert by_alice()[0].details == {"invitee": "carol", "role": "owner"}
    assert [mail.to for mail in Email.objects.all()] == [["carol@example.com"]]
    assert role_of(carol) is None


def test_of_an_address_nobody_is_told_whether_it_has_an_account(owner: Client, carol: User):
    EmailAddress.objects.create(user=carol, email="carol@example.com", verified=True, primary=True)
    seen = []
    for email in ("carol@example.com", "nobody@example.com"):
        Email.objects.all().delete()
        answer = owner.post(f"{PAGE}invite/", {"invitee": email, "role": "maintainer"}, follow=True)
        row = Invitation.objects.get(email=email)
        assert (row.user, said(answer)) == (None, f"{email} is invited.")
        mail = Email.objects.get()
        texts = (mail.message, answer.content.decode().partition("<main")[2])
        seen.append([text.replace(email, "?").replace(f"invitation/{row.pk}/", "invitation/?/") for text in texts])
        Invitation.objects.all().delete()
    first, second = ([words(text) for text in texts] for texts in seen)
    assert first == second
    assert tags(user=carol) == []


def words(text: str) -> str:
    """Without what differs from one form to the next."""
    return " ".join(word for word in text.split() if "csrf" not in word and not word.startswith("value="))


@pytest.mark.parametrize(
    ("invitee", "sentence"),
    [
        ("", "This field is required."),
        ("dave", "There is no user dave."),
        ("gone", "There is no user gone."),
        ("bob", "bob is a maintainer of this project already."),
        ("alice", "alice is an owner of this project already."),
        ("carol", "This invitation waits already."),
        ("@", "@ is not a mail address."),
        ("a@b", "a@b is not a mail address."),
        ("x\0y", "Null characters are not allowed."),
        ("x" * 300, "at most 254 characters"),
        ("İ" * 130 + "@example.com", "is too long for a mail address."),
        ("NEW@example.com", "This invitation waits already."),
    ],
)
def test_what_cannot_be_comes_back_with_a_sentence(
    owner: Client, alice: User, invited: Invitation, invitee: str, sentence: str
):
    make_user("gone", is_active=False)
    invitations.invite(invited.project, "new@example.com", "owner", by=alice, actor=TESTER)
    answer = owner.post(f"{PAGE}invite/", {"invitee": invitee, "role": "owner"})
    assert sentence in " ".join(answer.context["form"].errors["invitee"])
    assert Invitation.objects.count() == 2
    assert by_alice() == []


def test_a_project_has_so_many_invitations(owner: Client, project: Project, alice: User):
    Invitation.objects.bulk_create(
        Invitation(project=project, role="owner", email=f"new{number}@example.com", invited_by=alice)
        for number in range(invitations.MOST_WAITING)
    )
    answer = owner.post(f"{PAGE}invite/", {"invitee": "one@example.com", "role": "owner"})
    assert answer.context["form"].errors["invitee"] == ["20 invitations wait already. Revoke some first."]


def test_one_invitation_stands_for_each_project_and_invitee(invited: Invitation, by_mail: Invitation):
    for row in (invited, by_mail):
        row.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(project=invited.project, role="owner")


@pytest.mark.parametrize("which", ["invited", "by_mail"])
def test_opening_the_page_changes_nothing(
    request: pytest.FixtureRequest, signed_in: Callable[[User], Client], carol: User, which: str
):
    invitation, before = request.getfixturevalue(which), Event.objects.count()
    client = signed_in(carol)
    page = " ".join(client.get(page_of(invitation)).content.decode().split())
    assert "<strong>alice</strong> invites" in page
    for what in ("accept/", "decline/"):
        assert client.get(page_of(invitation, what)).status_code == 405
    assert f'href="{page_of(invitation)}"' in client.get(PROJECTS).content.decode()
    assert (Event.objects.count(), role_of(carol)) == (before, None)


@pytest.mark.parametrize(
    ("which", "role", "spoken"), [("invited", "owner", "an owner"), ("by_mail", "maintainer", "a maintainer")]
)
def test_whoever_is_meant_accepts_once(
    request: pytest.FixtureRequest, signed_in: Callable[[User], Client], carol: User, which: str, role: str, spoken: str
):
    invitation, client = request.getfixturevalue(which), signed_in(carol)
    answer = client.post(page_of(invitation, "accept/"), follow=True)
    assert said(answer) == f"You are {spoken} of Sample.Project now."
    assert answer.redirect_chain[-1][0] == "/manage/project/sample-project/releases/"
    assert role_of(carol) == role
    accepted = ["project:role:accept", "account:role:accept", "project:role:add", "account:role:add"]
    assert tags(actor=carol) == accepted
    assert "This invitation no longer stands." in post(client, page_of(invitation, "accept/"))
    assert tags(actor=carol) == accepted


def test_accepting_needs_a_second_factor_and_declining_does_not(
    signed_in: Callable[[User], Client], carol: User, invited: Invitation, settings
):
    settings.REQUIRE_2FA = True
    client = signed_in(carol)
    assert client.post(page_of(invited, "accept/"))["Location"] == "/account/2fa/"
    assert role_of(carol) is None
    assert "You have declined the invitation to Sample.Project." in post(client, page_of(invited, "decline/"))


def test_an_account_that_declines_leaves_its_name(
    signed_in: Callable[[User], Client], carol: User, invited: Invitation
):
    post(signed_in(carol), page_of(invited, "decline/"))
    assert tags(actor=carol) == ["project:role:decline_invite", "account:role:decline_invite"]
    assert not Invitation.objects.exists()
    assert role_of(carol) is None


def test_whoever_declines_at_an_address_stays_unknown_to_the_project(
    signed_in: Callable[[User], Client], carol: User, by_mail: Invitation, project: Project
):
    post(signed_in(carol), page_of(by_mail, "decline/"))
    event = Event.objects.get(tag="project:role:decline_invite")
    assert (event.actor, event.actor_name, event.address) == (None, "carol@work.example", None)
    assert "carol" not in str(event.details).replace("carol@work.example", "")
    assert tags(user=carol) == ["account:role:decline_invite"]


@pytest.mark.parametrize("what", ["", "accept/", "decline/"])
@pytest.mark.parametrize("which", ["invited", "by_mail"])
def test_nobody_else_answers(
    request: pytest.FixtureRequest, signed_in: Callable[[User], Client], bob: User, carol: User, which: str, what: str
):
    invitation = request.getfixturevalue(which)
    EmailAddress.objects.create(user=bob, email="carol@work.example", verified=False)
    for user in (bob, make_user("dave"), make_user("eve", is_superuser=True)):
        client = signed_in(user)
        if what:
            assert "This invitation no longer stands." in post(client, page_of(invitation, what))
        else:
            assert client.get(page_of(invitation)).status_code == 404
    assert Invitation.objects.filter(pk=invitation.pk).exists()


def test_a_stranger_signs_in_first(client: Client, invited: Invitation):
    assert client.get(page_of(invited))["Location"] == f"/account/login/?next={page_of(invited)}"
    assert client.get("/manage/invitation/" + "9" * 40 + "/").status_code == 302


def test_an_invitation_that_expired_or_lost_its_owner_is_not_accepted(
    signed_in: Callable[[User], Client], carol: User, bob: User, alice: User, invited: Invitation, project: Project
):
    client = signed_in(carol)
    age(invited, days=7)
    assert "no longer stands" in post(client, page_of(invited, "accept/"))
    age(invited, days=6)
    set_role(project, bob, "owner", actor=TESTER)
    remove_role(project, alice, actor=TESTER)
    assert client.get(page_of(invited)).status_code == 404
    assert "no longer stands" in post(client, page_of(invited, "accept/"))
    page = signed_in(bob).get(PAGE).content.decode()
    assert "Expired" in page
    invitations.resend(invited, by=bob, actor=TESTER)
    assert post(signed_in(carol), page_of(invited, "accept/")) == "You are an owner of Sample.Project now."


def test_accepting_takes_nothing_away(
    signed_in: Callable[[User], Client], carol: User, by_mail: Invitation, project: Project
):
    set_role(project, carol, "owner", actor=TESTER)
    assert post(signed_in(carol), page_of(by_mail, "accept/")) == "You have this role of Sample.Project already."
    assert role_of(carol) == "owner"
    assert not Invitation.objects.exists()


def test_an_invitation_is_sent_again_after_a_while(owner: Client, invited: Invitation):
    Email.objects.all().delete()
    path = f"{PAGE}invitation/{invited.pk}/resend/"
    assert "a moment ago" in post(owner, path)
    age(invited, days=8)
    assert post(owner, path) == "The mail to carol is sent again. They have 7 days from now."
    assert "a moment ago" in post(owner, path)
    assert Email.objects.count() == 1
    assert Invitation.objects.open().count() == 1


def test_an_invitation_is_revoked(owner: Client, by_mail: Invitation, carol: User):
    path = f"{PAGE}invitation/{by_mail.pk}/revoke/"
    assert post(owner, path) == "The invitation of carol@work.example is revoked."
    assert post(owner, path) == "This invitation was answered or revoked meanwhile."
    assert post(owner, f"{PAGE}invitation/{by_mail.pk}/resend/") == "This invitation was answered or revoked meanwhile."
    assert [event.tag for event in by_alice()] == ["project:role:revoke_invite"]
    assert tags(user=carol) == []


def test_of_another_projects_invitation_nothing_is_changed(
    signed_in: Callable[[User], Client], invited: Invitation, bob: User
):
    set_role(Project.objects.create(name="another"), bob, Role.Kind.OWNER, actor=TESTER)
    for what in ("revoke", "resend"):
        post(signed_in(bob), f"/manage/project/another/collaboration/invitation/{invited.pk}/{what}/")
    assert Invitation.objects.get().sent_at == invited.sent_at


def test_expired_ones_are_pruned(invited: Invitation, by_mail: Invitation):
    age(invited, days=8)
    printed = StringIO()
    call_command("prune", stdout=printed)
    assert "1 expired invitations" in printed.getvalue()
    assert Invitation.objects.get() == by_mail


def test_an_administrator_revokes(client: Client, invited: Invitation):
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    client.post(f"/admin/registry/invitation/{invited.pk}/delete/", {"post": "yes"})
    assert not Invitation.objects.exists()
    assert tags(actor_name="boss") == ["project:role:revoke_invite", "account:role:revoke_invite"]
