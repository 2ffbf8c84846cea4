"""Brings users, projects and roles to what an apply file says."""

import os
from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email

from publishers.applying.keys import Table
from publishers.applying.runs import Run, differences
from publishers.applying.tables import ProjectTable
from registry.accounts import given
from registry.creation import NameRefused, create_project
from registry.models import Event, Project, Role, User
from registry.options import set_options
from registry.roles import LastOwner, remove_role, set_role

MAX_ADDRESS_LENGTH = 254  # of the columns of User and EmailAddress

_PERMISSIONS = {"staff": "is_staff", "superuser": "is_superuser"}


def bring_users(tables: list[Table], run: Run) -> None:
    """Add users, and give them the address and permissions that the file says. Passwords only to new ones."""
    _free_addresses(tables, run)
    for table in tables:
        if not _is_address(table, run):
            continue
        user = User.objects.filter(username=table["username"]).first()
        if user is None:
            user = _add_user(table, run)
        else:
            _change_permissions(user, table, run)
        if user is not None:
            _bring_address(user, table, run)


def bring_projects(tables: list[ProjectTable], run: Run) -> Iterator[tuple[Project, ProjectTable]]:
    """Add projects and bring options and roles up to date; each one is given back for its publishers."""
    for table in tables:
        owners, maintainers = run.users(table, "owners"), run.users(table, "maintainers")
        if owners is None or maintainers is None:
            continue
        project = Project.objects.named(table["name"]).first()
        if project is None:
            project = _add_project(table, list(owners.values()), run)
        else:
            _change_options(project, table, run)
        if project is not None:
            _bring_roles(project, owners, maintainers, run)
            yield project, table


def _free_addresses(tables: list[Table], run: Run) -> None:
    """Take an address from a user whom the file gives another one, if it gives this one to somebody else."""
    given = {table["email"].lower(): table["username"] for table in tables}
    named = {table["username"]: table["email"].lower() for table in tables}
    held = EmailAddress.objects.filter(email__in=given, user__username__in=named).select_related("user")
    for address in held:
        if given[address.email] != address.user.username and named[address.user.username] != address.email:
            address.delete()
            Event.objects.record("account:email:remove", run.actor, user=address.user, email=address.email)
            run.say(f"change user {address.user.username}: address {address.email} removed")


def _is_address(table: Table, run: Run) -> bool:
    try:
        validate_email(table["email"])
        MaxLengthValidator(MAX_ADDRESS_LENGTH)(table["email"])
    except ValidationError:
        run.errors.add(table.where, "is not a mail address.", "email")
        return False
    others = EmailAddress.objects.filter(email=table["email"].lower(), verified=True)
    if others.exclude(user__username=table["username"]).exists():
        run.errors.add(table.where, "is the verified address of another user.", "email")
        return False
    return True


def _add_user(table: Table, run: Run) -> User | None:
    permissions = {column: table.get(key, False) for key, column in _PERMISSIONS.items()}
    alike = User.objects.filter(username__iexact=table["username"]).first()
    if alike is not None:
        run.errors.add(
            table.where, f'differs from the user "{alike.username}" only in upper and lower case.', "username"
        )
        return None
    user = User(username=table["username"], email=table["email"].lower(), **permissions)
    try:
        user.clean_fields(exclude=["password"])
        user.set_password(_password(table))
    except ValidationError as wrong:
        for key, problems in wrong.message_dict.items():
            run.errors.add(table.where, " ".join(problems), key)
        return None
    user.save(force_insert=True)
    Event.objects.record("account:create", run.actor, user=user, email=user.email, **permissions)
    run.say(f"add user {user.username}")
    return user


def _password(table: Table) -> str | None:
    """The password of the environment variable that the table names; None: the user cannot sign in by password."""
    variable = table.get("password_env")
    if variable is None:
        return None
    password = os.environ.get(variable)
    if not password:
        raise ValidationError({"password_env": f'the environment variable "{variable}" is not set.'})
    return password


def _change_permissions(user: User, table: Table, run: Run) -> None:
    wanted = {column: table[key] for key, column in _PERMISSIONS.items() if key in table.values}
    before = {column: getattr(user, column) for column in wanted}
    if before == wanted:
        return
    for column, value in wanted.items():
        setattr(user, column, value)
    user.save(update_fields=[*wanted])
    Event.objects.record("account:permissions:change", run.actor, user=user, before=before, after=wanted)
    run.say(f"change user {user.username}: {differences(before, wanted)}")


def _bring_address(user: User, table: Table, run: Run) -> None:
    if given.give(user, table["email"], run.actor):
        run.say(f"change user {user.username}: verified address {table['email'].lower()}")


def _add_project(table: ProjectTable, owners: list[User], run: Run) -> Project | None:
    try:
        project = create_project(table["name"], owners=owners, actor=run.actor, **_options(table))
    except NameRefused as refused:
        run.errors.add(table.where, str(refused), "name")
        return None
    run.say(f"add project {project.name}, owned by {', '.join(owner.username for owner in owners)}")
    return project


def _options(table: Table) -> dict[str, Any]:
    return table.only(["trusted_publishing_only"])


def _change_options(project: Project, table: Table, run: Run) -> None:
    changed = set_options(project, run.actor, **_options(table))
    if changed:
        before = {name: sides[0] for name, sides in changed.items()}
        after = {name: sides[1] for name, sides in changed.items()}
        run.say(f"change project {project.name}: {differences(before, after)}")


def _bring_roles(project: Project, owners: dict[str, User], maintainers: dict[str, User], run: Run) -> None:
    """Owners come first, so that a project that changes hands is never without one."""
    for kind, users in ((Role.Kind.OWNER, owners), (Role.Kind.MAINTAINER, maintainers)):
        for user in users.values():
            if set_role(project, user, kind, actor=run.actor):
                run.say(f"change project {project.name}: {user.username} becomes {kind.value}")
    if run.prune:
        _remove_roles(project, {*owners, *maintainers}, run)


def _remove_roles(project: Project, listed: set[str], run: Run) -> None:
    others = project.roles.exclude(user__username__in=listed).select_related("user").order_by("user__username")
    for role in list(others):
        try:
            remove_role(project, role.user, actor=run.actor)
        except LastOwner:
            continue
        run.say(f"remove {role.role} {role.user.username} from project {project.name}")
