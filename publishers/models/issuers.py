"""Issuers that are trusted."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from publishers import sentences
from publishers.errors import InvalidPayload, NotEnabled
from publishers.models.switches import SwitchedOff
from publishers.providers import PROVIDERS, choices, of_other_credential
from publishers.providers.base import Provider
from registry.fixed import FixedQuery
from registry.models import Switch

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


class IssuerQuerySet(models.QuerySet["Issuer"]):
    """Issuers, found by their exact URL."""

    def switched_on(self) -> "IssuerQuerySet":
        """Those that are on, and their provider too."""
        return self.filter(~SwitchedOff.covers("provider"), enabled=True)

    def trusted(self, unverified_url: str) -> "Issuer":
        """The issuer that a token names. Raises InvalidPayload if unknown, NotEnabled if switched off."""
        issuer = next(iter(_NAMED(unverified_url)), None)
        if issuer is None or issuer.provider not in PROVIDERS:
            other = of_other_credential(unverified_url)
            known = f": {sentences.other_credential(other)}" if other else ""
            raise InvalidPayload(f"unknown trusted publishing issuer{known}")
        if issuer.provider_off:  # type: ignore[attr-defined]  # annotated above
            words = f"{issuer.kind.label} trusted publishing is switched off in this registry."
            raise NotEnabled(words, issuer.provider)
        if not issuer.enabled:
            words = f"{issuer.kind.label} trusted publishing from {issuer.url} is switched off."
            raise NotEnabled(words, issuer.provider)
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
    key_uses = models.JSONField(
        default=dict,
        editable=False,
        help_text="When a token of each key was last verified; kept up to date by the hour.",
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


# With each exchange, so that a switch or a changed key counts at once on all machines.
_NAMED = FixedQuery(
    1,
    lambda url: Issuer.objects.filter(url=url).annotate(
        provider_off=SwitchedOff.covers("provider"), writing_off=Switch.is_off(Switch.What.WRITING)
    ),
)
