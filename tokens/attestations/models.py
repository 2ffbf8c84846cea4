"""The provenance document of a file."""

from typing import Any

from django.db import models


class Attested(models.Model):
    """The verified attestations of a file, as PEP 740 has them served. Written once, beside the file's provenance."""

    provenance = models.OneToOneField("tokens.Provenance", models.CASCADE, primary_key=True, related_name="attested")
    document: "models.JSONField[dict[str, Any]]" = models.JSONField(help_text="PEP 740's provenance object.")

    class Meta:
        verbose_name_plural = "attested files"

    def __str__(self) -> str:
        return f"Attestations of {self.provenance.filename}"
