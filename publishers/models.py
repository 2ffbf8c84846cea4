"""Issuers that are trusted, and the workloads at them that may publish."""

import datetime
import hashlib
import json
from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from publishers import sentences
from publishers.errors import InvalidPayload, NotEnabled
from publishers.providers import PROVIDERS, choices, of_other_credential
from publishers.providers.base import Pin, Provider
from registry.models import Project, User
from registry.names import MAX_NAME_LENGTH, normalize, ultranormalize

# A publisher whose ids are not known yet must be used within this time, or it is dead (see ``Publisher.why_dead``).
UNPINNED_LIFETIME = datetime.timedelta(days=30)
EVERY_PROVIDER = "*"
SIGNING_ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)


def default_algorithms() -> list[str]:
    """RS256 unless the row says otherwise."""
    return ["RS256"]


def switch_choices() -> list[tuple[str, str]]:
    """What can be switched off at once; a callable, so that a new provider makes no migration."""
    return [(EVERY_PROVIDER, "every provider"), *choices()]


class SwitchedOff(models.Model):
    """A provider that is off: whatever issuer its tokens come from, self-managed ones too, and live tokens with it."""

    provider = models.CharField(max_length=32, choices=switch_choices)
    reason = models.CharField(max_length=200, blank=True, help_text="For the history.")
    since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["provider"]
        verbose_name = "switched-off provider"
        constraints = [models.UniqueConstraint(fields=["provider"], name="one_switch_per_provider")]

    def __str__(self) -> str:
        return self.get_provider_display()

    @classmethod
    def covers(cls, provider: str) -> Exists:
        """Whether the provider of that column is off, as a part of the query that has the column."""
        return Exists(cls._default_manager.filter(Q(provider=OuterRef(provider)) | Q(provider=EVERY_PROVIDER)))


class IssuerQuerySet(models.QuerySet["Issuer"]):
    """Issuers, found by their exact URL."""

    def trusted(self, unverified_url: str) -> "Issuer":
        """The issuer that a token names. Raises InvalidPayload if unknown, NotEnabled if switched off."""
        issuer = self.filter(url=unverified_url).annotate(provider_off=SwitchedOff.covers("provider")).first()
        if issuer is None or issuer.provider not in PROVIDERS:
            other = of_other_credential(unverified_url)
            known = f": {sentences.other_credential(other)}" if other else ""
            raise InvalidPayload(f"unknown trusted publishing issuer{known}")
        if issuer.provider_off:  # type: ignore[attr-defined]  # annotated above
            raise NotEnabled(f"{issuer.kind.label} trusted publishing is switched off in this registry.")
        if not issuer.enabled:
            raise NotEnabled(f"{issuer.kind.label} trusted publishing from {issuer.url} is switched off.")
        return issuer


class Issuer(models.Model):
    """One OpenID Connect issuer that this registry trusts, served by one provider kind."""

    class Reuse(models.TextChoices):
        """How often an identity token may be exchanged."""

        ONCE = "once"
        UNTIL_EXPIRY = "until-expiry"

    url = models.CharField(max_length=400, help_text="As the tokens' iss claim and the discovery document say it.")
    provider = models.CharField(max_length=32, choices=choices)
    name = models.CharField(max_length=100, blank=True)
    enabled = models.BooleanField(default=True)
    audience = models.CharField(max_length=255, blank=True, help_text="OIDC_AUDIENCE when empty.")
    algorithms = models.JSONField(default=default_algorithms)
    max_token_age = models.PositiveIntegerField(
        default=3600,
        validators=[MinValueValidator(60), MaxValueValidator(7 * 86400)],
        help_text="The most seconds between iat and exp.",
    )
    reuse = models.CharField(max_length=16, choices=Reuse, default=Reuse.ONCE)
    api_url = models.CharField(max_length=400, blank=True)
    api_token_env = models.CharField(
        max_length=100, blank=True, help_text="The environment variable that holds the API's token."
    )
    ca_file = models.CharField(max_length=400, blank=True, help_text="A PEM file to verify the issuer's TLS with.")
    allow_http_loopback = models.BooleanField(default=False)
    identity_claims = models.JSONField(default=list, blank=True)
    pinned_claims = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # The key set, written by publishers.keys only: {kid: {"jwk": {…}, "first_seen": "…"}}.
    keys = models.JSONField(default=dict, editable=False)
    dropped_keys = models.JSONField(
        default=list, editable=False, help_text="RFC 7638 thumbprints that an administrator dropped."
    )
    keys_pasted = models.BooleanField(default=False, editable=False, help_text="Pasted keys are never fetched.")
    keys_refreshed_at = models.DateTimeField(null=True, editable=False, help_text="The last good fetch.")
    refresh_claimed_at = models.DateTimeField(
        null=True, editable=False, help_text="When somebody last took the right to fetch; it lapses."
    )
    refresh_finished_at = models.DateTimeField(null=True, editable=False)
    refresh_error = models.CharField(max_length=300, blank=True, editable=False)

    objects = IssuerQuerySet.as_manager()

    class Meta:
        ordering = ["url"]
        constraints = [models.UniqueConstraint(fields=["url"], name="one_issuer_per_url")]

    def __str__(self) -> str:
        return self.name or self.url

    @property
    def kind(self) -> Provider:
        """The provider that reads this issuer's tokens."""
        return PROVIDERS[self.provider](self.url, self.identity_claims, self.pinned_claims)

    @property
    def expected_audience(self) -> str:
        """What the tokens' aud must be."""
        return self.audience or settings.OIDC_AUDIENCE


class PublisherQuerySet(models.QuerySet["Publisher"]):
    """Trusted and pending publishers."""

    def trusted(self) -> "PublisherQuerySet":
        """Those that belong to a project."""
        return self.filter(project__isnull=False)

    def pending(self) -> "PublisherQuerySet":
        """Those that wait for a first upload."""
        return self.filter(project__isnull=True)

    def at_trusted_issuers(self) -> "PublisherQuerySet":
        """Those whose issuer is on, and its provider too."""
        return self.filter(~SwitchedOff.covers("issuer__provider"), issuer__enabled=True)

    def at(self, issuer: Issuer, identity: str) -> "PublisherQuerySet":
        """All that stand at a place, live or not: those that uploaded come first, in the order of their first."""
        return self.filter(issuer=issuer, identity=identity)._oldest_first()

    def of_ids(self, issuer: Issuer, pinned_identity: str) -> "PublisherQuerySet":
        """All of the repository that recorded ids name, whatever it was called, in the same order."""
        return self.filter(issuer=issuer, pinned_identity=pinned_identity)._oldest_first()

    def _oldest_first(self) -> "PublisherQuerySet":
        return self.select_related("project", "added_by").order_by(F("first_upload_at").asc(nulls_last=True), "pk")


class Publisher(models.Model):
    """A workload identity at an issuer that may publish to a project.

    Without a project it is a *pending publisher*: it waits for the first upload of ``project_name``.
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
                condition=Q(project__isnull=True),
                name="same_pending_publisher_once_per_user",
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
        return self.project_id is None

    def missing_pins(self) -> list[Pin]:
        """The pins that the provider has and this publisher does not."""
        return [pin for pin in self.issuer.kind.pins if not self.pins.get(pin.name)]

    def constraint_count(self) -> int:
        """How many constraints are set: the most constrained of several publishers is credited."""
        return sum(1 for field in self.issuer.kind.fields if field.narrows(self.values.get(field.name)))

    def why_dead(self) -> str | None:
        """Why this publisher cannot be used now, as a sentence; None when it can."""
        now = timezone.now()
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
    said = {field.name: _compared(values.get(field.name), field.normalize) for field in issuer.kind.fields}
    text = json.dumps([issuer.pk, {name: value for name, value in said.items() if value}], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _compared(value: Any, normalize_text: Any) -> Any:
    if isinstance(value, str):
        return normalize_text(value)
    if isinstance(value, Iterable):
        return sorted(normalize_text(member) for member in value)
    return value
