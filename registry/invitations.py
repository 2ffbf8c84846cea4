"""Inviting somebody to a project, and what becomes of it.

An owner names a username or a mail address. Of an address nobody is told whether it belongs to an account: the
invitation waits under the address, and whoever has verified it finds it. The mail's link opens a page and holds no
secret; who may accept is decided by the account that is signed in.
"""

import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from registry import telling
from registry.actors import Actor
from registry.models import Event, Invitation, Project, Role, User
from registry.models.invitations import InvitationQuerySet
from registry.roles import set_role

# Each is a mail to somebody who did not ask for it.
MOST_WAITING = 20
PAUSE = datetime.timedelta(minutes=10)  # between two mails of one invitation
MAX_LENGTH = 254


class NotInvited(Exception):
    """An invitation cannot be sent; the message is a sentence for people."""


class InvitationGone(Exception):
    """It was accepted, declined or revoked meanwhile, or has expired; the message is a sentence for people."""

    def __init__(self) -> None:
        super().__init__("This invitation no longer stands. Ask an owner of the project to invite you again.")


def waiting_for(user: User) -> InvitationQuerySet:
    """The invitations that ``user`` can accept: to the account, or to one of its verified addresses."""
    verified = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    addresses = [email.lower() for email in verified]
    mine = Invitation.objects.open().filter(Q(user=user) | Q(email__in=addresses))
    return mine.select_related("project", "invited_by", "user").order_by("-sent_at", "-pk")


def invite(project: Project, named: str, kind: str, *, by: User, actor: Actor) -> Invitation:
    """Invite a username or a mail address, with a mail. Raises NotInvited."""
    whom = _whom(named)
    with transaction.atomic():
        if not project.lock():
            raise NotInvited(f"{project.name} is deleted.")
        _check(project, whom)
        invitation = Invitation.objects.create(project=project, role=kind, invited_by=by, **whom)
        _record("invite", invitation, actor)
        telling.invited(invitation)
    return invitation


def resend(invitation: Invitation, *, by: User, actor: Actor) -> bool:
    """Write the mail again, and let the time begin anew; False if it went out a moment ago.

    Raises InvitationGone.
    """
    with transaction.atomic():
        row = _locked(invitation)
        if row.sent_at > timezone.now() - PAUSE:
            return False
        row.sent_at, row.invited_by = timezone.now(), by
        row.save(update_fields=["sent_at", "invited_by"])
        _record("invite", row, actor)
        telling.invited(row)
    return True


def revoke(invitation: Invitation, actor: Actor) -> None:
    """Take it back. Raises InvitationGone."""
    with transaction.atomic():
        _end("revoke_invite", _locked(invitation), actor)


def decline(invitation: Invitation, user: User, actor: Actor) -> None:
    """Say no. Raises InvitationGone."""
    with transaction.atomic():
        row = _locked(invitation)
        if row.user is None:
            # The project named an address, and learns no account from this.
            Event.objects.record(
                "account:role:decline_invite", actor, user=user, **_details(row), name=row.project.name
            )
            actor = Actor(row.email)
        _end("decline_invite", row, actor)


def accept(invitation: Invitation, user: User, actor: Actor) -> bool:
    """Take the role; False if ``user`` has it, or a greater one, already. Raises InvitationGone."""
    with transaction.atomic():
        _locked(invitation)
        row = waiting_for(user).filter(pk=invitation.pk).first()
        if row is None:
            raise InvitationGone
        details = _details(row)
        Event.objects.record("project:role:accept", actor, project=row.project, username=user.username, **details)
        Event.objects.record("account:role:accept", actor, user=user, name=row.project.name, **details)
        Invitation.objects.filter(pk=row.pk).delete()
        if Role.objects.filter(project=row.project, user=user, role=Role.Kind.OWNER).exists():
            return False
        return set_role(row.project, user, row.role, actor=actor)


def _whom(named: str) -> dict[str, Any]:
    """What stands for somebody in a row. What looks like a mail address is one, whatever accounts are called."""
    if "@" in named:
        return {"email": _address(named)}
    user = User.objects.filter(username=named, is_active=True).first()
    if user is None:
        raise NotInvited(f"There is no user {named}. Invite a mail address to reach somebody without an account.")
    return {"user": user}


def _address(named: str) -> str:
    try:
        validate_email(named)
    except ValidationError as wrong:
        raise NotInvited(f"{named} is not a mail address.") from wrong
    address = named.lower()
    # Some letters of other scripts become two.
    if len(address) > MAX_LENGTH:
        raise NotInvited(f"{named} is too long for a mail address.")
    return address


def _check(project: Project, whom: dict[str, Any]) -> None:
    if Invitation.objects.filter(project=project, **whom).exists():
        raise NotInvited("This invitation waits already. Send its mail again instead.")
    role = Role.objects.filter(project=project, user=whom["user"]).first() if "user" in whom else None
    if role is not None:
        raise NotInvited(f"{whom['user']} is {role.spoken} of this project already. Change the role instead.")
    if Invitation.objects.filter(project=project).count() >= MOST_WAITING:
        raise NotInvited(f"{MOST_WAITING} invitations wait already. Revoke some first.")


def _locked(invitation: Invitation) -> Invitation:
    """The row as it is after waiting for others. The project's row is what they take turns at."""
    invitation.project.lock()
    row = Invitation.objects.select_related("project", "user", "invited_by").filter(pk=invitation.pk).first()
    if row is None:
        raise InvitationGone
    return row


def _end(what: str, row: Invitation, actor: Actor) -> None:
    _record(what, row, actor)
    row.delete()


def _record(what: str, row: Invitation, actor: Actor) -> None:
    """Of an address only the project's history speaks: whose it is must not show."""
    details = _details(row)
    Event.objects.record(f"project:role:{what}", actor, project=row.project, **details)
    if row.user is not None:
        Event.objects.record(f"account:role:{what}", actor, user=row.user, name=row.project.name, **details)


def _details(row: Invitation) -> dict[str, Any]:
    return {"invitee": row.invitee, "role": row.role}
