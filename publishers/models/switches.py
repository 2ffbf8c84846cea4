"""Providers that are switched off at once."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from publishers.providers import choices

EVERY_PROVIDER = "*"


def switch_choices() -> list[tuple[str, str]]:
    """What can be switched off at once; a callable, so that a new provider makes no migration."""
    return [(EVERY_PROVIDER, "every provider"), *choices()]


class SwitchedOff(models.Model):
    """A provider that is off: whatever issuer its tokens come from, self-managed ones too, and live tokens with it."""

    provider = models.CharField(max_length=32, choices=switch_choices)
    reason = models.CharField(max_length=200, blank=True, help_text="For the history.")
    since = models.DateTimeField(default=timezone.now, editable=False)
    by = models.CharField(max_length=255, blank=True, editable=False)

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
