"""The workloads at issuers that may publish."""

import datetime
import hashlib
import json
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from publishers.models.issuers import Issuer
from publishers.models.switches import SwitchedOff
from publishers.providers.fields import Pin
from registry.fixed import Given
from registry.models import Project, User
from registry.names import MAX_NAME_LENGTH, normalize, ultranormalize

# A publisher whose ids are not known yet must be used within this time, or it is dead (see ``Publisher.why_dead``).
UNPINNED_LIFETIME = datetime.timedelta(days=30)


class PublisherQuerySet(models.QuerySet["Publisher"]):
    """Trusted and pending publishers."""

    def trusted(self) -> "PublisherQuerySet":
        """Those that belong to a project."""
        return self.filter(project__isnull=False)

    def pending(self) -> "PublisherQuerySet":
        """Those that wait for a first upload."""
        return self.filter(project__isnull=True, invalidated_at__isnull=True)

    def invalidated(self) -> "PublisherQuerySet":
        """Those that waited until their name was lost."""
        return self.filter(invalidated_at__isnull=False)

    def standing(self) -> "PublisherQuerySet":
        """All but those."""
        return self.filter(invalidated_at__isnull=True)

    def at_trusted_issuers(self) -> "PublisherQuerySet":
        """Those whose issuer is on, and its provider too."""
        return self.filter(~SwitchedOff.covers("issuer__provider"), issuer__enabled=True)

    def at(self, issuer: "Issuer | Given", identity: "str | Given") -> "PublisherQuerySet":
        """All that stand at a place, live or not: those that uploaded come first, in the order of their first."""
        return self.standing().filter(issuer=issuer, identity=identity)._oldest_first()

    def in_turn(self) -> "PublisherQuerySet":
        """Those that uploaded; then one of each person who added some, and again (as ``publishers.turns``)."""
        new = models.ExpressionWrapper(Q(first_upload_at__isnull=True), models.BooleanField())
        turn = Window(RowNumber(), partition_by=[F("added_by"), new], order_by="pk")
        return self.annotate(turn=turn).order_by(F("first_upload_at").asc(nulls_last=True), "turn", "pk")

    def of_ids(self, issuer: Issuer, pinned_identity: str) -> "PublisherQuerySet":
        """All of the repository that recorded ids name, whatever it was called, in the same order."""
        return self.standing().filter(issuer=issuer, pinned_identity=pinned_identity)._oldest_first()

    def _oldest_first(self) -> "PublisherQuerySet":
        return self.order_by(F("first_upload_at").asc(nulls_last=True), "pk")


class Publisher(models.Model):
    """A workload identity at an issuer that may publish to a project.

    Without a project it is a *pending publisher*: it waits for the first upload of ``project_name``. Once that name
    is lost it is *invalidated*, and stays only to explain refusals (``publishers.lostnames``).
    """

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="publishers")
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="publishers")
    project_name = models.CharField(max_length=MAX_NAME_LENGTH, help_text="As it was typed for a pending publisher.")
    normalized_name = models.CharField(max_length=MAX_NAME_LENGTH, editable=False)
    ultranormalized_name = models.CharField(max_length=MAX_NAME_LENGTH, editable=False)
    label = models.CharField(max_length=100, blank=True)
    enabled = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    values = models.JSONField(default=dict, help_text="The provider's fields, identity and constraints.")
    pins = models.JSONField(default=dict, blank=True)
    unpinned_since = models.DateTimeField(null=True, blank=True, editable=False)
    identity = models.CharField(max_length=400, editable=False)
    pinned_identity = models.CharField(
        max_length=400, blank=True, editable=False, help_text="The place by its ids alone, so that a rename is seen."
    )
    renamed_to = models.JSONField(
        null=True, editable=False, help_text="The names that a token with the same ids gave; an owner may accept them."
    )
    fingerprint = models.CharField(max_length=64, editable=False)
    generation = models.PositiveIntegerField(
        default=0, editable=False, help_text="Grows when what it trusts is changed: upload tokens of before are dead."
    )
    added_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="publishers",
        help_text="Who added it, or waits.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    first_upload_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(
        null=True, editable=False, help_text="Of its last granted exchange; kept up to date by the hour."
    )
    reminded_at = models.DateTimeField(
        null=True, editable=False, help_text="When the user was told that it expires soon."
    )
    invalidated_at = models.DateTimeField(
        null=True, editable=False, help_text="When the name that it waited for was lost: it works no more."
    )
    environments_told = models.JSONField(
        default=list, editable=False, help_text="Of whose use without being named here the owners were told."
    )

    # What it trusted when it was read or saved.
    _trusted: tuple[Any, ...] = ()

    objects = PublisherQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "fingerprint"],
                condition=Q(project__isnull=False),
                name="same_publisher_once_per_project",
            ),
            models.UniqueConstraint(
                fields=["added_by", "normalized_name", "fingerprint"],
                condition=Q(project__isnull=True, invalidated_at__isnull=True),
                name="same_pending_publisher_once_per_user",
            ),
            models.CheckConstraint(
                condition=Q(project__isnull=True) | Q(invalidated_at__isnull=True),
                name="invalidated_publisher_has_no_project",
            ),
        ]
        indexes = [
            # PostgreSQL puts NULLs last unless told otherwise, as at() does; SQLite cannot say it in an index.
            models.Index(fields=["issuer", "identity", "first_upload_at", "id"], name="publisher_at_place"),
            models.Index(fields=["issuer", "pinned_identity", "first_upload_at", "id"], name="publisher_by_ids"),
            models.Index(fields=["ultranormalized_name"], name="publisher_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.issuer.kind.label}: {self.description}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the derived columns in step with the fields, and count what ends the tokens of before."""
        if self.project is not None:
            self.project_name = self.project.name
        self.normalized_name = normalize(self.project_name)
        self.ultranormalized_name = ultranormalize(self.project_name)
        self.identity = self.issuer.kind.identity(self.values)
        self.pinned_identity = self.issuer.kind.pinned_identity(self.pins)
        self.fingerprint = fingerprint_of(self.issuer, self.values)
        self._mark_pinned()
        if not self._state.adding and self._trust() != self._trusted:
            self.generation += 1
        super().save(*args, **kwargs)
        self._trusted = self._trust()

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any
    ) -> "Publisher":
        """Remember what it trusted when it was read."""
        publisher = super().from_db(db, field_names, values, **options)
        if len(values) == len(cls._meta.concrete_fields):
            publisher._trusted = publisher._trust()
        return publisher

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        """Remember anew."""
        super().refresh_from_db(*args, **kwargs)
        self._trusted = self._trust()

    def _trust(self) -> tuple[Any, ...]:
        return (self.enabled, self.expires_at, self.fingerprint, json.dumps(self.pins, sort_keys=True))

    @property
    def description(self) -> str:
        """One line in which a maintainer recognises it."""
        return self.issuer.kind.describe(self.values)

    @property
    def warnings(self) -> list[str]:
        """What maintainers should know of it, as sentences."""
        return self.issuer.kind.warnings(self.values, self.pins)

    @property
    def place(self) -> str:
        """Where its workload is, in words."""
        return self.issuer.kind.place(self.values)

    @property
    def is_pending(self) -> bool:
        """Whether it waits for a first upload."""
        return self.project_id is None and self.invalidated_at is None

    @property
    def tells_actual(self) -> bool:
        """Whether its project is told what tokens said: where strangers register, once a file came through it."""
        return not settings.SIGNUP_OPEN or self.first_upload_at is not None

    def missing_pins(self) -> list[Pin]:
        """The pins that the provider has and this publisher does not."""
        return [pin for pin in self.issuer.kind.pins if not self.pins.get(pin.name)]

    def constraint_count(self) -> int:
        """How many constraints are set: the most constrained of several publishers is credited."""
        return sum(field.narrows(self.values.get(field.name)) for field in self.issuer.kind.fields)

    def why_dead(self) -> str | None:
        """Why this publisher cannot be used now, as a sentence; None when it can."""
        now = timezone.now()
        if self.invalidated_at is not None:
            return f"The pending publisher lost its name on {self.invalidated_at:%Y-%m-%d}."
        if not self.enabled:
            return "The publisher is switched off."
        if self.expires_at is not None and self.expires_at <= now:
            return f"The publisher expired on {self.expires_at:%Y-%m-%d}."
        if self.unpinned_since is not None and self.unpinned_since + UNPINNED_LIFETIME <= now:
            return "The publisher was not used within 30 days, and the ids of its repository were never recorded."
        if self.is_pending and self.waits_until() <= now:
            return f"The pending publisher expired on {self.waits_until():%Y-%m-%d}."
        return None

    def waits_until(self) -> datetime.datetime:
        """When a pending publisher expires."""
        return self.created_at + datetime.timedelta(days=settings.PENDING_PUBLISHER_TTL_DAYS)

    def _mark_pinned(self) -> None:
        if all(pin.optional for pin in self.missing_pins()):
            self.unpinned_since = None
        elif self.unpinned_since is None and not self.pins:
            self.unpinned_since = timezone.now()


def fingerprint_of(issuer: Issuer, values: dict[str, Any]) -> str:
    """What makes two publishers of one project the same: issuer and fields, in their compared form."""
    said = {field.name: field.compared(values.get(field.name)) for field in issuer.kind.fields}
    text = json.dumps([issuer.pk, {name: value for name, value in said.items() if value}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
