"""Who may open which page below /manage/project/, and what a change asks of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from registry.models import Project, User
from tests.factories import make_file

pytestmark = pytest.mark.django_db

BASE = "/manage/project/sample-project/"
FILE = "sample_project-1.0-py3-none-any.whl"
READ = ["releases/", "releases/1.0/", "collaboration/"]
OWNERS = [
    "releases/1.0/yank/",
    "releases/1.0/delete/",
    f"releases/1.0/files/{FILE}/delete/",
    "settings/",
    "settings/delete/",
]
POSTED = [
    "releases/1.0/unyank/",
    "collaboration/invite/",
    "collaboration/invitation/1/resend/",
    "collaboration/invitation/1/revoke/",
    "collaboration/role/1/",
    "collaboration/role/1/remove/",
]


def answers(client: Client, page: str, name: str = "sample-project") -> list[Any]:
    """Of GET and POST, where they are understood."""
    path = f"/manage/project/{name}/{page}"
    same = {"X-Request-ID": "the-same-id"}  # error pages show it
    both = client.get(path, headers=same), client.post(path, {"typed": "1.0"}, headers=same)
    return [answer for answer in both if answer.status_code != 405]


@pytest.fixture
def published(project: Project) -> Project:
    assert make_file(project).filename == FILE
    return project


@pytest.mark.parametrize("page", [*READ, *OWNERS, *POSTED])
def test_a_stranger_signs_in_first_and_nobody_elses_project_is_there(
    client: Client, signed_in: Callable[[User], Client], published: Project, carol: User, page: str
):
    for answer in answers(client, page):
        assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={BASE}{page}")
    signed_in(carol)
    for there, nowhere in zip(answers(client, page), answers(client, page, "nothing"), strict=True):
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert there.content == nowhere.content


@pytest.mark.parametrize("page", READ)
def test_a_maintainer_reads_and_is_not_offered_what_owners_do(maintainer: Client, published: Project, page: str):
    answer = maintainer.get(BASE + page)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    assert not [
        word
        for word in ("/yank/", "/delete/", "/settings/", "/invite/", "/remove/", "Make owner")
        if word in answer.content.decode()
    ]


@pytest.mark.parametrize("page", [*OWNERS, *POSTED])
def test_a_maintainer_is_refused_where_owners_change_something(maintainer: Client, published: Project, page: str):
    for answer in answers(maintainer, page):
        assert answer.status_code == 403
        assert "Only an owner of the project may do this." in answer.content.decode()


@pytest.mark.parametrize("page", [*READ, *OWNERS])
def test_an_owner_opens_each_with_few_questions(
    owner: Client, published: Project, page: str, django_assert_max_num_queries
):
    with django_assert_max_num_queries(10):
        assert owner.get(BASE + page).status_code == 200


@pytest.mark.parametrize("page", [*OWNERS, *POSTED, "collaboration/leave/"])
def test_a_change_needs_a_second_factor(owner: Client, published: Project, settings, page: str):
    settings.REQUIRE_2FA = True
    for answer in answers(owner, page):
        assert answer["Location"] == "/account/2fa/"


@pytest.mark.parametrize("page", READ)
def test_another_spelling_leads_to_the_normal_one(owner: Client, published: Project, page: str):
    answer = owner.get(f"/manage/project/Sample_Project/{page}?page=1")
    assert (answer.status_code, answer["Location"]) == (302, f"{BASE}{page}?page=1")


def test_a_projects_own_address_leads_to_its_releases(owner: Client, project: Project):
    assert owner.get(BASE)["Location"] == f"{BASE}releases/"
