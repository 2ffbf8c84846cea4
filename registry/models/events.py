"""The history of it all."""

from typing import Any

from django.db import models
from django.utils import timezone

from registry import names
from registry.actors import Actor
from registry.models.people import User
from registry.models.projects import Project


class EventQuerySet(models.QuerySet["Event"]):
    """The audit history. Rows are added, never changed."""

    def record(
        self,
        tag: str,
        actor: Actor,
        *,
        project: Project | None = None,
        user: User | None = None,
        **details: Any,
    ) -> "Event":
        """Add one line to a project's or a user's history (or to the registry's own, with neither)."""
        event = Event.line(tag, actor, project=project, user=user, **details)
        event.save(force_insert=True)
        return event


class Event(models.Model):
    """One line of the audit history of a project or a user; tags are Warehouse's."""

    tag = models.CharField(max_length=100)
    time = models.DateTimeField(default=timezone.now, db_index=True)
    # The indexes below begin with project and user.
    project = models.ForeignKey(Project, models.SET_NULL, null=True, blank=True, related_name="events", db_index=False)
    project_name = models.CharField(max_length=names.MAX_NAME_LENGTH, blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="events", db_index=False)
    username = models.CharField(max_length=150, blank=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    actor_name = models.CharField(max_length=255, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-time", "-pk"]
        indexes = [
            models.Index(fields=["project", "-time"], name="event_by_project"),
            models.Index(fields=["user", "-time"], name="event_by_user"),
            # Names outlive what they speak of.
            models.Index(fields=["project_name", "-time"], name="event_by_project_name"),
            models.Index(fields=["username", "-time"], name="event_by_username"),
            models.Index(fields=["actor_name", "-time"], name="event_by_actor_name"),
            models.Index(fields=["address", "-time"], name="event_by_address"),
            models.Index(fields=["tag", "-time"], name="event_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.project_name or self.username}".strip()

    @classmethod
    def line(
        cls,
        tag: str,
        actor: Actor,
        *,
        project: Project | None = None,
        user: User | None = None,
        **details: Any,
    ) -> "Event":
        """An unsaved line. Names are copied, so that it outlives what it speaks of."""
        return cls(
            tag=tag,
            project=project,
            project_name=project.normalized_name if project else "",
            user=user,
            username=user.username if user else "",
            actor=actor.user,
            actor_name=actor.name[:255],
            address=actor.address,
            details=details,
        )
