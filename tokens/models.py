"""What a publisher gets, what a person creates, and the record of both."""

import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from publishers.models import Issuer
from registry.models import File, Project, User
from tokens import origins
from tokens.attestations.models import Attested as Attested
from tokens.ids import uuid7


class Exchange(models.Model):
    """One attempt to turn an identity token into an upload token, after its signature was verified.

    Written once; only ``replays`` is counted up. Columns copy the names that they speak of; references may go.
    """

    class Outcome(models.TextChoices):
        """How it ended."""

        GRANTED = "granted"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    code = models.CharField(max_length=40, blank=True, help_text="Of the refusal.")
    description = models.TextField(blank=True, help_text="Of the refusal.")
    # The first index below begins with it.
    issuer = models.ForeignKey(Issuer, models.SET_NULL, null=True, related_name="exchanges", db_index=False)
    issuer_url = models.CharField(max_length=400)
    provider = models.CharField(max_length=32)
    identity = models.CharField(max_length=400)
    identity_token_id = models.CharField(max_length=64, help_text="SHA-256 of the jti, or of the signing input.")
    key_id = models.CharField(max_length=255, blank=True)
    # Copies of claims, to search by.
    commit = models.CharField(max_length=100, blank=True, default="")
    run = models.CharField(max_length=100, blank=True, default="", help_text="The provider's id of the run or job.")
    claims = models.JSONField(default=dict)
    projects = models.JSONField(default=list, help_text="Normal names of the projects that it covered.")
    checks = models.JSONField(
        default=list, help_text="For each publisher: its project, its id, its fields, and the list of checks."
    )
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    replays = models.PositiveIntegerField(default=0, help_text="How often the same identity token came again.")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["issuer_url", "identity_token_id"],
                condition=Q(outcome="refused"),
                name="one_refusal_per_identity_token",
            )
        ]
        # Each filter and each search of the admin, the newest first.
        indexes = [
            models.Index(fields=["issuer", "-created_at"], name="exchange_by_issuer"),
            models.Index(fields=["provider", "-created_at"], name="exchange_by_provider"),
            models.Index(fields=["outcome", "-created_at"], name="exchange_by_outcome"),
            models.Index(fields=["code", "-created_at"], name="exchange_by_code"),
            # Both of two filters at once: where either has millions of rows, there may be none that has both.
            models.Index(fields=["issuer", "outcome", "-created_at"], name="exchange_by_issuer_outcome"),
            models.Index(fields=["issuer", "code", "-created_at"], name="exchange_by_issuer_code"),
            models.Index(fields=["provider", "outcome", "-created_at"], name="exchange_by_provider_outcome"),
            models.Index(fields=["provider", "code", "-created_at"], name="exchange_by_provider_code"),
            models.Index(fields=["identity", "-created_at"], name="exchange_by_identity"),
            models.Index(fields=["address", "-created_at"], name="exchange_by_address"),
            models.Index(fields=["commit"], name="exchange_by_commit"),
            models.Index(fields=["run"], name="exchange_by_run"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.id}"


class UploadToken(models.Model):
    """The short-lived credential that an exchange gives. Its row is also the redemption of the identity token."""

    digest = models.CharField(max_length=64, editable=False)
    exchange = models.OneToOneField(Exchange, models.SET_NULL, null=True, related_name="upload_token")
    issuer = models.ForeignKey(Issuer, models.SET_NULL, null=True, related_name="upload_tokens", db_index=False)
    issuer_url = models.CharField(max_length=400)
    redeemed = models.CharField(
        max_length=64,
        null=True,
        help_text="The identity token's id; empty where an issuer's tokens may be exchanged until they expire.",
    )
    redeemed_until = models.DateTimeField(help_text="The identity token's exp, the leeway and a margin.")
    # [{"project": normal name, "publisher": id, "generation": number, "version": text or null}, …]
    grants = models.JSONField(default=list)
    single_use = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    burnt_at = models.DateTimeField(null=True)
    spent_at = models.DateTimeField(null=True, help_text="When a single-use token stored its file.")
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="one_upload_token_per_digest"),
            models.UniqueConstraint(fields=["issuer_url", "redeemed"], name="identity_token_redeemed_once"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="upload_token_by_expiry"),
            models.Index(fields=["issuer", "-created_at"], name="upload_token_by_issuer"),
            models.Index(fields=["-created_at"], name="upload_token_by_time"),
            models.Index(fields=["-created_at"], condition=Q(revoked_at__isnull=False), name="upload_token_revoked"),
            models.Index(fields=["-created_at"], condition=Q(burnt_at__isnull=False), name="upload_token_burnt"),
            models.Index(fields=["-created_at"], condition=Q(spent_at__isnull=False), name="upload_token_spent"),
        ]

    def __str__(self) -> str:
        return f"upload token {self.pk}"

    def is_live(self) -> bool:
        """Whether it opens anything at all; its grants are checked one by one (``tokens.credentials``)."""
        ended = self.burnt_at or self.spent_at or self.revoked_at
        return not ended and self.expires_at > timezone.now()

    def state(self) -> str:
        """``live``, or how it ended first of all that counts."""
        ended = [name for name in ("revoked", "burnt", "spent") if getattr(self, f"{name}_at")]
        return ended[0] if ended else "live" if self.is_live() else "expired"


class ApiToken(models.Model):
    """A credential that a person creates: scoped, long-lived."""

    class Scope(models.TextChoices):
        """What it opens."""

        UPLOAD = "upload"
        DOWNLOAD = "download"
        READ = "read"
        MANAGE = "manage"

    digest = models.CharField(max_length=64, editable=False)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="api_tokens")
    username = models.CharField(max_length=150)
    name = models.CharField(max_length=100)
    scopes = models.JSONField(default=list)
    limited = models.BooleanField(default=False, help_text="To the projects below; never widened by their deletion.")
    projects = models.ManyToManyField(Project, blank=True, related_name="api_tokens")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    publishers_told_at = models.DateTimeField(
        null=True, help_text="When owners were told that it uploaded to a project with trusted publishers."
    )
    form_key = models.UUIDField(
        null=True, editable=False, help_text="Of the form that created it: sent again, it creates no second one."
    )
    revoked_at = models.DateTimeField(null=True)
    revoked_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["digest"], name="one_api_token_per_digest"),
            models.UniqueConstraint(fields=["user", "form_key"], name="one_api_token_per_form"),
        ]
        indexes = [
            models.Index(fields=["username", "-created_at"], name="api_token_by_username"),
            models.Index(fields=["name", "-created_at"], name="api_token_by_name"),
            models.Index(fields=["-created_at"], name="api_token_by_time"),
        ]

    def __str__(self) -> str:
        return f"API token {self.name} of {self.username}"

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def is_live(self) -> bool:
        """Whether it is neither revoked, expired nor a deactivated user's."""
        return not (self.revoked_at or self.has_expired) and self.user is not None and self.user.is_active

    def state(self) -> str:
        """``live``, or why not."""
        if self.revoked_at or self.is_live():
            return "revoked" if self.revoked_at else "live"
        return "without its user" if self.user is None or not self.user.is_active else "expired"


class RefusalNotice(models.Model):
    """When a project's owners, or who waits for one, were last told that a workload that they know was refused."""

    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="refusal_notices")
    user = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="refusal_notices", help_text="Who waits for a project."
    )
    issuer = models.ForeignKey(Issuer, models.CASCADE, related_name="refusal_notices")
    identity = models.CharField(max_length=400)
    told_at = models.DateTimeField()

    class Meta:
        ordering = ["-told_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "issuer", "identity"], name="one_notice_per_workload"),
            models.UniqueConstraint(fields=["user", "issuer", "identity"], name="one_notice_per_workload_waited_for"),
            models.CheckConstraint(
                condition=Q(project__isnull=True) ^ Q(user__isnull=True), name="notice_to_owners_or_to_who_waits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project or self.user}, {self.identity}"


class Provenance(models.Model):
    """Per file: the token, publisher and claims that uploaded it."""

    file = models.OneToOneField(File, models.SET_NULL, null=True, related_name="provenance")
    filename = models.CharField(max_length=400)
    sha256 = models.CharField(max_length=64, db_index=True)
    project_name = models.CharField(max_length=200, db_index=True)
    version = models.CharField(max_length=200)
    uploaded_at = models.DateTimeField(default=timezone.now)
    exchange = models.ForeignKey(Exchange, models.SET_NULL, null=True, related_name="provenance")
    upload_token = models.ForeignKey(UploadToken, models.SET_NULL, null=True, related_name="provenance")
    api_token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="provenance")
    uploader = models.CharField(max_length=300, help_text="The publisher or the person, in words.")
    publisher: "models.JSONField[dict[str, Any]]" = models.JSONField(default=dict)
    claims: "models.JSONField[dict[str, Any]]" = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        ordering = ["-uploaded_at"]
        indexes = [
            models.Index(fields=["-uploaded_at"], name="provenance_by_time"),
            models.Index(fields=["filename"], name="provenance_by_filename"),
            models.Index(fields=["address", "-uploaded_at"], name="provenance_by_address"),
            models.Index(fields=["uploader", "-uploaded_at"], name="provenance_by_uploader"),
        ]

    def __str__(self) -> str:
        return f"{self.filename} by {self.uploader}"

    @property
    def origin(self) -> origins.Origin | None:
        """Where the file was made, as everybody may read it; None when a person's token uploaded it."""
        return origins.of(self.publisher, self.claims)


class Tally(models.Model):
    """How many exchanges or uploads an hour saw: what the dashboard adds up (``tokens.tallies``)."""

    class What(models.TextChoices):
        """What is counted."""

        GRANTED = "granted"
        REFUSED = "refused"
        UPLOADED = "uploaded"

    hour = models.DateTimeField(help_text="When it began.")
    what = models.CharField(max_length=8, choices=What)
    provider = models.CharField(max_length=32, blank=True, help_text="Of exchanges.")
    code = models.CharField(max_length=40, blank=True, help_text="Of refusals.")
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        ordering = ["-hour"]
        constraints = [
            models.UniqueConstraint(fields=["hour", "what", "provider", "code"], name="one_tally_of_each_hour")
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.what}: {self.count}"


REDEMPTION_MARGIN = datetime.timedelta(seconds=5)
