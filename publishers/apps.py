"""The floor of the publishers."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PublishersConfig(AppConfig):
    """Issuers, providers and trusted publishers."""

    name = "publishers"

    def ready(self) -> None:
        """Hear what the registry tells, keep the providers' own issuers as rows, and add the words of this floor."""
        from publishers import catalogue, housekeeping, pending
        from registry import wording

        wording.add(catalogue.LINES)
        pending.connect()
        housekeeping.connect()
        post_migrate.connect(add_default_issuers, sender=self)


def add_default_issuers(using: str = "default", **_kwargs: Any) -> None:
    """Add a row for each provider's default issuer that has none yet."""
    from publishers.models import Issuer
    from publishers.providers import PROVIDERS

    for provider in PROVIDERS.values():
        if provider.default_issuer:
            Issuer.objects.using(using).get_or_create(
                url=provider.default_issuer,
                defaults={
                    "provider": provider.name,
                    "name": provider.label,
                    "enabled": provider.enabled_by_default,
                    "max_token_age": provider.max_token_age,
                    "reuse": provider.reuse,
                    "api_url": provider.default_api_url,
                },
            )
