"""``/api/v1/providers/``: what tools need to draw the form of a publisher."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from publishers.api.serializers import flat_pins
from publishers.api.writing import open_issuers
from publishers.models import Issuer
from publishers.providers import PROVIDERS
from publishers.providers.base import Provider
from publishers.providers.fields import Field
from registry.api.access import ApiView

MAX_PIN = 255
_TYPES = {str: "text", list: "texts", bool: "yes-no", dict: "rules"}


class FieldSerializer(serializers.Serializer[Any]):
    """A member of a publisher."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    hint = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    kind = serializers.ChoiceField(
        choices=["identity", "constraint", "pin"],
        help_text="Which workload it is; what else the token must say; an id that never changes.",
    )
    type = serializers.ChoiceField(choices=[*_TYPES.values()])
    default = serializers.CharField()
    max_length = serializers.IntegerField()


class ProvidersIssuerSerializer(serializers.Serializer[Any]):
    """An issuer that is switched on."""

    url = serializers.CharField()
    name = serializers.CharField()
    default = serializers.BooleanField(help_text="Whether it is meant where a publisher names no issuer.")
    identity_claims = serializers.ListField(
        child=serializers.CharField(), help_text="Of the generic provider: `claims` must have an `equals` for each."
    )


class ProviderSerializer(serializers.Serializer[Any]):
    """A provider, with the issuers of it that are switched on here."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    issuers = ProvidersIssuerSerializer(many=True)
    fields = FieldSerializer(many=True)  # type: ignore[assignment]


class Providers(ApiView[Issuer]):
    """``providers/``."""

    queryset = Issuer.objects.none()
    pagination_class = None

    @extend_schema(operation_id="providers_list", responses=ProviderSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The providers, all at once, with what a publisher of each may say."""
        issuers = defaultdict(list)
        for issuer in open_issuers():
            issuers[issuer.provider].append(issuer)
        return Response([_provider(kind(kind.default_issuer), issuers[name]) for name, kind in PROVIDERS.items()])


def _provider(kind: Provider, issuers: Iterable[Issuer]) -> dict[str, Any]:
    pins = [_member(pin.name, pin.label, "", "pin", max_length=MAX_PIN) for pin in flat_pins(kind)]
    return {
        "name": kind.name,
        "label": kind.label,
        "issuers": [_issuer(kind, issuer) for issuer in issuers],
        "fields": [*map(_field, kind.fields), *pins],
    }


def _issuer(kind: Provider, issuer: Issuer) -> dict[str, Any]:
    return {
        "url": issuer.url,
        "name": issuer.name,
        "default": issuer.url == kind.default_issuer,
        "identity_claims": issuer.identity_claims,
    }


def _field(part: Field) -> dict[str, Any]:
    said = _member(part.name, part.label, part.hint, "identity" if part.identity else "constraint", part.max_length)
    return {**said, "required": part.required, "type": _TYPES[part.stores], "default": part.default}


def _member(name: str, label: str, hint: str, kind: str, max_length: int) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "hint": hint,
        "required": False,
        "kind": kind,
        "type": "text",
        "default": "",
        "max_length": max_length,
    }
