"""The top floor."""

from django.apps import AppConfig


class TokensConfig(AppConfig):
    """The exchange, upload and API tokens, provenance."""

    name = "tokens"

    def ready(self) -> None:
        """Hear of uploads and of the hours, and add the words of this floor."""
        from registry import wording
        from tokens import catalogue, provenance, tallies

        wording.add(catalogue.LINES)
        provenance.connect()
        tallies.connect()
