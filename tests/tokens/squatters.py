"""Strangers who register another's repository, for tests."""

from typing import Any

from django.test import Client

from publishers.models import Publisher
from registry.models import Project, User
from tests.registry.uploads import making
from tests.tokens.conftest import World


def upload(client: Client, token: str, name: str, version: str = "1.0") -> Any:
    filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    fields = making.form(making.wheel(name, version), filename)
    return client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"})


def squat(world: World, user: User, count: int, *, same_project: bool = False, **values: Any) -> list[Publisher]:
    """So many publishers of a stranger at alice's repository, on a project each or all on one."""
    names = [f"squat-{user.pk}-{number}" for number in range(1 if same_project else count)]
    projects = Project.objects.bulk_create(
        Project(name=name, normalized_name=name, ultranormalized_name=name) for name in names
    )
    first = world.add(projects[0], values={**values, "environment": "e0"} if same_project else values, added_by=user)
    rows = []
    for number in range(1, count):
        row = Publisher.objects.get(pk=first.pk)
        row.pk, row.project = None, projects[0 if same_project else number]
        row.project_name = row.normalized_name = row.ultranormalized_name = row.project.name
        row.values = {**row.values, "environment": f"e{number}"} if same_project else row.values
        row.fingerprint = f"{number:064d}" if same_project else row.fingerprint
        rows.append(row)
    Publisher.objects.bulk_create(rows)
    return [first, *rows]


def strangers(world: World, count: int, each: int, **values: Any) -> None:
    """So many people, each of whom has so many projects at alice's repository."""
    for number in range(count):
        squat(world, User.objects.create_user(f"mallory{number}"), each, **values)
