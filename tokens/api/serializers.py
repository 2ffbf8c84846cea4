"""Exchanges and API tokens as the API shows them. No secret is among it: only digests are stored, and they stay."""

from typing import Any

from rest_framework import serializers

from tokens.disclosure import Seen
from tokens.models import ApiToken, Exchange


class CheckSerializer(serializers.Serializer[Any]):
    """A claim of the token held against what a publisher expects."""

    claim = serializers.CharField()
    expected = serializers.JSONField()
    actual = serializers.JSONField(
        required=False, help_text="Absent where the project may not see it: another's token, or an open registry."
    )
    ok = serializers.BooleanField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """A publisher of the project held against the token."""

    publisher = serializers.IntegerField(help_text="Its id; it may be removed since.")
    values = serializers.DictField(help_text="What its fields said then.", source="fields")
    problem = serializers.CharField(allow_null=True, source="dead", help_text="Why it could not be used then.")
    checks = CheckSerializer(many=True)


class ExchangeSerializer(serializers.Serializer[Any]):
    """An exchange, as far as it concerns the project. What it may not see is empty."""

    id = serializers.UUIDField(source="exchange.pk")
    created_at = serializers.DateTimeField(source="exchange.created_at")
    outcome = serializers.ChoiceField(choices=Exchange.Outcome.choices, source="exchange.outcome")
    code = serializers.CharField(source="exchange.code", help_text="Of a refusal.")
    provider = serializers.CharField(source="exchange.provider")
    issuer = serializers.CharField(source="exchange.issuer_url")
    replays = serializers.IntegerField(source="exchange.replays", help_text="How often the token came again.")
    publishers = ComparisonSerializer(many=True, source="seen.comparisons")
    run = serializers.CharField(source="seen.links.run", help_text="An address, as `commit`.")
    commit = serializers.CharField(source="seen.links.commit")
    ref = serializers.CharField(source="seen.ref")
    address = serializers.CharField(source="seen.address")


def exchange_out(exchange: Exchange, seen: Seen) -> dict[str, Any]:
    """An exchange as JSON."""
    out: dict[str, Any] = ExchangeSerializer({"exchange": exchange, "seen": seen}).data
    return out


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """An API token, never its text."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=ApiToken.Scope.choices))
    projects = serializers.SerializerMethodField(help_text="Those that it is limited to; null: all of its person's.")
    live = serializers.BooleanField(source="is_live", help_text="Neither revoked nor expired.")

    class Meta:
        model = ApiToken
        fields = (
            "id",
            "name",
            "scopes",
            "projects",
            "live",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
            "revoked_reason",
        )
        read_only_fields = fields

    def get_projects(self, token: ApiToken) -> list[str] | None:
        """By their normal names."""
        return sorted(project.normalized_name for project in token.projects.all()) if token.limited else None
