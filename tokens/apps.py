"""The top floor."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """The exchange, upload and API tokens, provenance."""

    name = "tokens"

    def ready(self) -> None:
        """Hear of uploads and of the hours."""
        from tokens import provenance, tallies

        provenance.connect()
        tallies.connect()
