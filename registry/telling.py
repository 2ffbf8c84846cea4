"""The mails that tell people of their projects' roles and options. Each is written where its event is recorded."""

from collections.abc import Iterable

from registry import addresses, mails
from registry.actors import Actor
from registry.models import Invitation, Project, Switch, User
from registry.models.invitations import LIFETIME
from registry.models.people import SPOKEN


def role_changed(project: Project, user: User, before: str | None, after: str | None, actor: Actor) -> None:
    """A user got, changed or lost a role: the owners are told, and the user."""
    _role([*project.owners(), user], project, user, before, after, actor)


def role_went(project: Project, user: User, before: str, actor: Actor) -> None:
    """A user is deleted, and so is the role: the other owners are told."""
    _role(project.owners().exclude(pk=user.pk), project, user, before, None, actor)


def project_given(project: Project, owners: Iterable[User], actor: Actor) -> None:
    """A project was created for people who did not create it themselves: each of them is told."""
    for user in owners:
        if user != actor.user:
            _role([user], project, user, None, "owner", actor)


def invited(invitation: Invitation) -> None:
    """Somebody may have a role: whoever was named is told, by account or by address."""
    context = {"invitation": invitation, "project": invitation.project, "became": invitation.spoken}
    context |= {"page": addresses.invitation(invitation), "days": LIFETIME.days}
    if invitation.user is not None:
        mails.post("invitation", [invitation.user], **context)
    else:
        mails.post_to("invitation", invitation.email, **context)


def trusted_publishing_only(project: Project, actor: Actor, *, on: bool) -> None:
    """API tokens can upload no longer, or again: the owners are told."""
    context = {"project": project, "actor": actor, "on": on, "settings": addresses.project_settings(project)}
    mails.post("trusted-publishing-only", project.owners(), **context)


def switched(switch: Switch, actor: Actor, *, on: bool) -> None:
    """Something was switched off in the whole registry, or on again: all superusers are told."""
    mails.post("switched", User.objects.filter(is_superuser=True), switch=switch, actor=actor, on=on)


def _role(
    people: Iterable[User], project: Project, user: User, before: str | None, after: str | None, actor: Actor
) -> None:
    mails.post(
        "role-changed",
        people,
        project=project,
        user=user,
        was=SPOKEN.get(before or "", ""),
        became=SPOKEN.get(after or "", ""),
        actor=actor,
        collaboration=addresses.collaboration(project),
    )
