"""The people of a project: roles given, changed, taken and left, and never the last owner's."""

from collections.abc import Callable

import pytest
from django.test import Client
from post_office.models import Email

from registry.invitations import MOST_WAITING
from registry.models import Invitation, Project, Role, User
from registry.roles import change_role, set_role
from tests.factories import TESTER
from tests.registry.manage.conftest import by_alice, said
from tests.registry.manage.test_projects import rows

pytestmark = pytest.mark.django_db

PAGE = "/manage/project/sample-project/collaboration/"


def role_of(user: User) -> str | None:
    return Role.objects.filter(user=user).values_list("role", flat=True).first()


def page_of(user: User) -> str:
    return f"{PAGE}role/{Role.objects.get(user=user).pk}/"


def test_an_owner_sees_who_has_a_role_and_what_to_do_about_it(owner: Client):
    assert rows(owner.get(PAGE)) == [
        "alice You Owner The last owner stays",
        "bob Maintainer Make owner : bob Remove bob",
    ]


def test_a_maintainer_sees_who_has_a_role_and_may_leave(maintainer: Client):
    assert rows(maintainer.get(PAGE)) == ["alice Owner", "bob You Maintainer Leave"]


def test_a_role_is_changed_with_events_and_mails(owner: Client, bob: User):
    Email.objects.all().delete()
    assert said(owner.post(page_of(bob), {"role": "owner"}, follow=True)) == "bob is an owner now."
    assert role_of(bob) == "owner"
    assert {event.tag for event in by_alice()} == {"project:role:change", "account:role:change"}
    assert sorted(mail.to[0] for mail in Email.objects.all()) == ["alice@example.com", "bob@example.com"]
    assert owner.post(page_of(bob), {"role": "owner"}).status_code == 302
    assert len(by_alice()) == 2


@pytest.mark.parametrize("role", ["", "boss", "\0"])
def test_an_unknown_role_changes_nothing(owner: Client, bob: User, role: str):
    assert owner.post(page_of(bob), {"role": role}).status_code == 302
    assert role_of(bob) == "maintainer"


def test_the_last_owner_is_neither_made_a_maintainer_nor_leaves(owner: Client, alice: User):
    sentence = "alice is the last owner of Sample.Project. Make somebody else an owner first."
    assert said(owner.post(page_of(alice), {"role": "maintainer"}, follow=True)) == sentence
    answer = owner.post(f"{PAGE}leave/", follow=True)
    assert (said(answer), answer.redirect_chain[-1][0]) == (sentence, PAGE)
    assert role_of(alice) == "owner"
    assert by_alice() == []


def test_somebody_is_removed_after_a_page_that_says_what_it_means(owner: Client, bob: User):
    path = f"{page_of(bob)}remove/"
    assert "their API tokens will no longer upload to it" in " ".join(owner.get(path).content.decode().split())
    assert role_of(bob)
    assert said(owner.post(path, follow=True)) == "bob has no role any more."
    assert role_of(bob) is None
    assert [event.details["username"] for event in by_alice(tag="project:role:remove")] == ["bob"]
    assert owner.post(path).status_code == 404


def test_whoever_leaves_has_left(maintainer: Client, bob: User):
    assert "Leave Sample.Project" in maintainer.get(f"{PAGE}leave/").content.decode()
    answer = maintainer.post(f"{PAGE}leave/", follow=True)
    assert (said(answer), answer.redirect_chain[-1][0]) == ("You have left Sample.Project.", "/manage/projects/")
    assert role_of(bob) is None
    assert maintainer.post(f"{PAGE}leave/").status_code == 404


def test_removing_oneself_is_leaving(owner: Client, alice: User):
    assert owner.get(f"{page_of(alice)}remove/")["Location"] == f"{PAGE}leave/"


@pytest.mark.parametrize("path", ["role/0/", "role/0/remove/", f"role/{'9' * 40}/", "role/x/"])
def test_a_role_that_is_not_there_is_not_found(owner: Client, path: str):
    assert owner.post(PAGE + path, {"role": "owner"}).status_code == 404


def test_a_role_of_another_project_is_not_found(
    signed_in: Callable[[User], Client], project: Project, carol: User, bob: User
):
    other = Project.objects.create(name="another")
    set_role(other, carol, Role.Kind.OWNER, actor=TESTER)
    path = f"/manage/project/another/collaboration/role/{Role.objects.get(user=bob).pk}/"
    assert signed_in(carol).post(path, {"role": "owner"}).status_code == 404


def test_a_role_that_was_taken_meanwhile_is_not_given_again(project: Project, carol: User):
    assert not change_role(project, carol, Role.Kind.OWNER, actor=TESTER)
    assert role_of(carol) is None


def test_many_people_come_in_pages_with_few_questions(
    owner: Client, project: Project, alice: User, django_assert_max_num_queries
):
    people = User.objects.bulk_create(User(username=f"user{number:03}") for number in range(60))
    Role.objects.bulk_create(Role(project=project, user=user, role="maintainer") for user in people)
    addresses = [f"somebody-{number}@example.com" for number in range(MOST_WAITING)]
    Invitation.objects.bulk_create(
        Invitation(project=project, role="owner", email=email, invited_by=alice) for email in addresses
    )
    with django_assert_max_num_queries(10):
        answer = owner.get(PAGE)
    assert len(answer.context["page"].rows) == 10
    assert len(answer.content) < 22_000
    assert len(owner.get(PAGE, {"page": "7"}).context["page"].rows) == 2
    second = owner.get(PAGE, {"invited": "2"}).content.decode()
    assert [email in second for email in addresses] == [False] * 10 + [True] * 10
