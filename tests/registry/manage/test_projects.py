"""The list of a person's projects."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import Project, Release, Role, User
from registry.options import yank
from tests.factories import TESTER, make_file, make_project, make_sdist

pytestmark = pytest.mark.django_db

PAGE = "/manage/projects/"


def rows(answer: Any) -> list[str]:
    """The table's rows as text."""
    found = re.findall(r"<tr>(.*?)</tr>", answer.content.decode(), re.DOTALL)[1:]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


def test_a_stranger_signs_in_first(client: Client):
    assert client.get(PAGE)["Location"] == f"/account/login/?next={PAGE}"


def test_a_project_is_shown_with_its_numbers(maintainer: Client, project: Project):
    make_file(project, "1.0")
    make_file(project, "1.1")
    make_sdist(project, "1.1")
    yank(Release.objects.get(version="1.1"), "", TESTER)
    Project.objects.update(status="archived")
    assert rows(maintainer.get(PAGE)) == ["Sample.Project Archived 1.0 Maintainer 2 3 just now"]


def test_only_ones_own_projects_are_shown(owner: Client, carol: User):
    make_project("another", carol)
    assert rows(owner.get(PAGE)) == ["Sample.Project none yet Owner 0 0 never"]


def test_whoever_has_none_is_told_how_to_begin(client: Client, carol: User):
    client.force_login(carol)
    page = client.get(PAGE).content.decode()
    assert "A project begins with its first upload." in page
    assert '<input id="filter"' not in page


def many(user: User, count: int) -> None:
    projects = [Project(name=f"p-{number:04}", normalized_name=f"p-{number:04}") for number in range(count)]
    for project in projects:
        project.ultranormalized_name = project.normalized_name
    Project.objects.bulk_create(projects)
    Role.objects.bulk_create(Role(project=project, user=user, role="owner") for project in projects)
    Release.objects.bulk_create(Release(project=project, version=f"1.{n}") for project in projects for n in range(3))


def test_a_thousand_projects_come_in_pages_with_few_questions(
    owner: Client, alice: User, django_assert_max_num_queries
):
    many(alice, 1000)
    with django_assert_max_num_queries(10):
        first = owner.get(PAGE)
    assert len(rows(first)) == 25
    assert rows(first)[0] == "p-0000 1.2 Owner 3 0 never"
    assert 'href="?page=2"' in first.content.decode()
    assert rows(owner.get(PAGE, {"page": "41"})) == ["Sample.Project none yet Owner 0 0 never"]
    assert len(first.content) < 30_000


@pytest.mark.parametrize(
    ("asked", "found"), [("P_00", 25), ("p 0 1", 0), ("0999", 1), ("nothing", 0), ("\0", 0), ("%", 0), ("x" * 999, 0)]
)
def test_the_list_is_filtered_by_name(owner: Client, alice: User, asked: str, found: int):
    many(alice, 1000)
    answer = owner.get(PAGE, {"q": asked})
    assert len(rows(answer)) == found
    assert found or "None of your projects has this in its name" in answer.content.decode()


def test_the_address_of_the_list_has_its_name():
    assert reverse("manage-projects") == PAGE
