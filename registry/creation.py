"""Creating a project: the name must be free, allowed, and unlike every other."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from registry import names
from registry.actors import Actor
from registry.models import Event, ProhibitedName, Project, RetiredName, Role, User
from registry.roles import set_role
from registry.signals import project_created


class NameRefused(Exception):
    """A project of this name cannot be created; the message is a sentence for people."""


def check_name(name: str, owners: Sequence[User] = ()) -> None:
    """Raise NameRefused unless a project called ``name`` may be created for ``owners``."""
    if not names.is_valid(name):
        raise NameRefused(
            f"The name {name[:100]!r} is not a valid project name: it may hold ASCII letters, digits, '.', '_' "
            f"and '-', must begin and end with a letter or digit, and has at most {names.MAX_NAME_LENGTH} characters."
        )
    ultranormalized = names.ultranormalize(name)
    if names.is_reserved(name) or ProhibitedName.objects.filter(ultranormalized_name=ultranormalized).exists():
        raise NameRefused(f"The name '{name}' isn't allowed in this registry. Choose another name.")
    if Project.objects.named(name).exists():
        raise NameRefused(f"The name '{name}' is taken.")
    other = Project.objects.filter(ultranormalized_name=ultranormalized).first()
    if other is not None:
        raise NameRefused(f"The name '{name}' is too similar to an existing project ('{other.name}').")
    _check_retired(name, owners)


def _check_retired(name: str, owners: Sequence[User]) -> None:
    retired = RetiredName.objects.filter(normalized_name=names.normalize(name)).first()
    if retired is None or any(user.is_superuser for user in owners):
        return
    if not retired.last_owners.filter(pk__in=[user.pk for user in owners]).exists():
        raise NameRefused(f"The name '{name}' belonged to a deleted project. Ask an administrator to free it.")


def create_project(
    name: str, *, owners: Sequence[User], actor: Actor, credential: Any = None, **options: Any
) -> Project:
    """Create a project with its owners and its first events, in the caller's transaction.

    Raises NameRefused, also when another creation of the name wins the race.
    """
    check_name(name, owners)
    try:
        with transaction.atomic():
            project = Project.objects.create(name=name, **options)
    except IntegrityError as taken:
        raise NameRefused(f"The name '{name}' is taken, or too similar to an existing project.") from taken
    RetiredName.objects.filter(normalized_name=project.normalized_name).delete()
    Event.objects.record("project:create", actor, project=project, name=name)
    for user in owners:
        set_role(project, user, Role.Kind.OWNER, actor=actor)
    project_created.send(sender=Project, project=project, credential=credential, actor=actor)
    return project
