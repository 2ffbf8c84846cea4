"""Creating a project: the name must be free, allowed, and unlike every other."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from registry import names, telling
from registry.actors import Actor
from registry.models import Event, ProhibitedName, Project, RetiredName, Role, User
from registry.roles import set_role
from registry.signals import project_created, project_creating


class NameRefused(Exception):
    """A project of this name cannot be created; the message is a sentence for people."""


def check_name(name: str, owners: Sequence[User] = ()) -> None:
    """Raise NameRefused unless a project called ``name`` may be created for ``owners``."""
    problem = name_problems([(name, owners)])[0]
    if problem is not None:
        raise NameRefused(problem)


def name_problems(wishes: Sequence[tuple[str, Sequence[User]]]) -> list[str | None]:
    """For each wished name and its owners, why it cannot be had, or None; at most four queries for all together."""
    valid = [name for name, _owners in wishes if names.is_valid(name)]
    look_alikes = {names.ultranormalize(name) for name in valid}
    prohibited = set(
        ProhibitedName.objects.filter(ultranormalized_name__in=look_alikes).values_list(
            "ultranormalized_name", flat=True
        )
    )
    standing = Project.objects.filter(ultranormalized_name__in=look_alikes).in_bulk(field_name="ultranormalized_name")
    retired = RetiredName.objects.prefetch_related("last_owners").in_bulk({names.normalize(name) for name in valid})

    def problem(name: str, owners: Sequence[User]) -> str | None:
        if not names.is_valid(name):
            return _INVALID.format(name=name[:100])
        look_alike = names.ultranormalize(name)
        if names.is_reserved(name) or look_alike in prohibited:
            return f"The name '{name}' isn't allowed in this registry. Choose another name."
        if look_alike in standing:
            return _taken(name, standing[look_alike])
        return _kept(name, owners, retired.get(names.normalize(name)))

    return [problem(name, owners) for name, owners in wishes]


_INVALID = (
    "The name {name!r} is not a valid project name: it may hold ASCII letters, digits, '.', '_' and '-', must begin "
    f"and end with a letter or digit, and has at most {names.MAX_NAME_LENGTH} characters."
)


def _taken(name: str, other: Project) -> str:
    if other.normalized_name == names.normalize(name):
        return f"The name '{name}' is taken."
    return f"The name '{name}' is too similar to an existing project ('{other.name}')."


def _kept(name: str, owners: Sequence[User], retired: RetiredName | None) -> str | None:
    """A deleted project's name is free for those who owned it last, and for superusers."""
    last = {user.pk for user in retired.last_owners.all()} if retired is not None else set()
    if retired is None or any(user.is_superuser or user.pk in last for user in owners):
        return None
    return f"The name '{name}' belonged to a deleted project. Ask an administrator to free it."


@transaction.atomic
def create_project(
    name: str, *, owners: Sequence[User], actor: Actor, credential: Any = None, **options: Any
) -> Project:
    """Create a project with its owners and its first events, within the caller's transaction if there is one.

    Without ``credential`` no upload created it, and its owners are told by mail.
    Raises NameRefused, also when another creation of the name wins the race.
    """
    check_name(name, owners)
    project_creating.send(sender=Project, name=name)
    try:
        project = Project.objects.create(name=name, **options)
    except IntegrityError as taken:
        raise NameRefused(f"The name '{name}' is taken, or too similar to an existing project.") from taken
    RetiredName.objects.filter(normalized_name=project.normalized_name).delete()
    Event.objects.record("project:create", actor, project=project, name=name)
    for user in owners:
        set_role(project, user, Role.Kind.OWNER, actor=actor, tell=False)
    if credential is None:
        telling.project_given(project, owners, actor)
    project_created.send(sender=Project, project=project, credential=credential, actor=actor)
    return project
