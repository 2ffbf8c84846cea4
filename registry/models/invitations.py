"""Invitations: roles that wait until somebody accepts them."""

import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from registry.models.people import SPOKEN, Role, User
from registry.models.projects import Project

LIFETIME = datetime.timedelta(days=7)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Roles that wait."""

    def open(self) -> "InvitationQuerySet":
        """Those that can be accepted: not expired, and sent by somebody who is an owner still."""
        owners = Role.objects.filter(project=OuterRef("project"), user=OuterRef("invited_by"), role=Role.Kind.OWNER)
        return self.filter(Exists(owners), sent_at__gt=timezone.now() - LIFETIME)

    def expired(self) -> "InvitationQuerySet":
        """Those that nobody accepted in time."""
        return self.filter(sent_at__lte=timezone.now() - LIFETIME)


class Invitation(models.Model):
    """A role that waits for somebody: for an account, or for whoever has verified a mail address."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role.Kind)
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="invitations")
    email = models.EmailField(blank=True, help_text="In lower case; empty where an account is invited.")
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(default=timezone.now, help_text="When the last mail was written.")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_invitation_per_project_and_user"),
            models.UniqueConstraint(
                fields=["project", "email"], condition=~Q(email=""), name="one_invitation_per_project_and_address"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) ^ Q(email=""), name="invitation_to_an_account_or_an_address"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invitee}, {self.role} of {self.project.name}"

    @property
    def invitee(self) -> str:
        """Whom the owner named: a username or a mail address."""
        return self.user.username if self.user is not None else self.email

    @property
    def spoken(self) -> str:
        """What somebody would be by it: ``an owner``."""
        return SPOKEN[self.role]

    @property
    def expires_at(self) -> datetime.datetime:
        """Until when it can be accepted."""
        return self.sent_at + LIFETIME
