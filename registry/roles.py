"""Who may do what in a project, and the history of it."""

from django.db import transaction

from registry import telling
from registry.actors import Actor
from registry.models import Event, Project, Role, User


class LastOwner(Exception):
    """A project always has an owner; the message is a sentence for people."""

    def __init__(self, project: Project, user: User) -> None:
        super().__init__(f"{user.username} is the last owner of {project.name}. Make somebody else an owner first.")


def set_role(project: Project, user: User, kind: str, *, actor: Actor, tell: bool = True) -> bool:
    """Give ``user`` a role in ``project``, or change it; True if something changed. Leaves its events and mails.

    Raises LastOwner when that would leave the project without an owner.
    """
    with transaction.atomic():
        role = _locked_role(project, user)
        before = role.role if role else None
        if before == kind:
            return False
        if role is not None:
            _keep_an_owner(role)
        Role.objects.update_or_create(project=project, user=user, defaults={"role": kind})
        _record("add" if before is None else "change", project, user, actor, before, kind)
        if tell:
            telling.role_changed(project, user, before, kind, actor)
    return True


def change_role(project: Project, user: User, kind: str, *, actor: Actor) -> bool:
    """The same for somebody who has a role; one who lost it meanwhile does not get another. Raises LastOwner."""
    with transaction.atomic():
        return _locked_role(project, user) is not None and set_role(project, user, kind, actor=actor)


def remove_role(project: Project, user: User, *, actor: Actor) -> bool:
    """Take a user's role away; True if there was one. Raises LastOwner."""
    with transaction.atomic():
        role = _locked_role(project, user)
        if role is None:
            return False
        _keep_an_owner(role)
        role.delete()
        _record("remove", project, user, actor, role.role, None)
        telling.role_changed(project, user, role.role, None, actor)
    return True


def _locked_role(project: Project, user: User) -> Role | None:
    # The project's row, not the role's: two owners who remove each other at once must wait for one another.
    project.lock()
    return Role.objects.select_related("project", "user").filter(project=project, user=user).first()


def _keep_an_owner(role: Role) -> None:
    others = Role.objects.filter(project=role.project, role=Role.Kind.OWNER).exclude(pk=role.pk)
    if role.role == Role.Kind.OWNER and not others.exists():
        raise LastOwner(role.project, role.user)


def _record(what: str, project: Project, user: User, actor: Actor, before: str | None, after: str | None) -> None:
    Event.objects.record(
        f"project:role:{what}", actor, project=project, username=user.username, before=before, after=after
    )
    Event.objects.record(f"account:role:{what}", actor, user=user, name=project.name, before=before, after=after)
