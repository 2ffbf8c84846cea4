"""Publishers as the API shows and takes them.

What a publisher may be is said by ``PublisherForm``, for all its users; here is only the form of the JSON. The members
are named as in an apply file. What cannot be written is ignored, so that what was read can be sent back; a member that
does not exist is refused, so that no constraint is lost by a slip.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from publishers.models import Publisher
from publishers.providers import PROVIDERS
from publishers.providers.base import Provider
from publishers.providers.fields import Field
from publishers.ruleform import NO_ENTRY, is_entry
from registry.api.members import refuse_unknown
from registry.names import MAX_NAME_LENGTH

ApiField = serializers.Field[Any, Any, Any, Any]


class RuleSerializer(serializers.Serializer[Any]):
    """What a claim must be: exactly one of `equals`, `iequals` and `glob`."""

    claim = serializers.CharField(help_text="A name; one that begins with / is a JSON Pointer.")
    equals = serializers.CharField(required=False)
    iequals = serializers.CharField(required=False, help_text="The same in any case.")
    glob = serializers.CharField(required=False, help_text="* and ? stop at / and :, ** does not.")

    def to_internal_value(self, data: Any) -> Any:
        """As it was sent: the form says whether it is a good one."""
        if not is_entry(data):
            raise ValidationError(NO_ENTRY)
        return data


class PublisherSerializer(serializers.Serializer[Publisher]):
    """A publisher. Its provider's fields are added."""

    id = serializers.IntegerField(read_only=True)
    provider = serializers.ChoiceField(choices=[])
    issuer = serializers.CharField(required=False, help_text="The provider's own where it is left out.")
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_blank=True, help_text="A name of your own for it."
    )
    enabled = serializers.BooleanField(required=False, help_text="True where it is left out.")
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="When it stops working.")
    pin_at_first_use = serializers.BooleanField(
        write_only=True,
        required=False,
        help_text="Ask no API for the ids now: they are recorded at the first exchange, within 30 days.",
    )
    pins = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="The ids that are recorded, whoever gave them."
    )
    description = serializers.CharField(read_only=True)
    problem = serializers.CharField(
        read_only=True, allow_null=True, help_text="Why it cannot be used now; null when it can."
    )
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    added_by = serializers.CharField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)
    first_upload_at = serializers.DateTimeField(read_only=True, allow_null=True)

    kind: Provider

    def __init__(self, *args: Any, kind: Provider | None = None, **kwargs: Any) -> None:
        if kind is not None:
            self.kind = kind
        super().__init__(*args, **kwargs)

    def get_fields(self) -> dict[str, ApiField]:
        """The provider's too."""
        parts = {self.kind.key_in_file(part.name): part for part in self.kind.fields}
        own = {name: _field(part, required=not self.partial) for name, part in parts.items()}
        pins = {pin.name: _text(f"{pin.label}: the id that is pinned.") for pin in flat_pins(self.kind)}
        provider = serializers.ChoiceField(choices=[(self.kind.name, self.kind.label)])
        return {**super().get_fields(), "provider": provider, **pins, **own}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The members that may be written. Raises ValidationError for what is not a member."""
        refuse_unknown(data, self.fields)
        said: dict[str, Any] = super().to_internal_value(data)
        return {name: value for name, value in said.items() if name not in {"provider", "issuer"}}


class PendingPublisherSerializer(PublisherSerializer):
    """A pending publisher: the first upload of `project_name` makes it the project's."""

    project_name = serializers.CharField(max_length=MAX_NAME_LENGTH, help_text="Never changes afterwards.")
    waits_until = serializers.DateTimeField(read_only=True, help_text="When it is removed if nothing was uploaded.")


def publisher_out(publisher: Publisher) -> dict[str, Any]:
    """A publisher as JSON."""
    kind = publisher.issuer.kind
    out = {
        "id": publisher.pk,
        "provider": kind.name,
        "issuer": publisher.issuer.url,
        "label": publisher.label,
        "enabled": publisher.enabled,
        "expires_at": publisher.expires_at,
        **{pin.name: publisher.pins.get(pin.name, "") for pin in flat_pins(kind)},
        **kind.as_in_file(publisher.values),
        "pins": publisher.pins,
        "description": publisher.description,
        "problem": publisher.why_dead(),
        "warnings": publisher.warnings,
        "added_by": publisher.added_by.username if publisher.added_by else None,
        "created_at": publisher.created_at,
        "first_upload_at": publisher.first_upload_at,
    }
    if publisher.is_pending:
        out |= {"project_name": publisher.project_name, "waits_until": publisher.waits_until()}
    return out


def flat_pins(kind: Provider) -> list[Any]:
    """The ids that are members of their own: those that the provider declares and that are no field as well."""
    fields = {part.name for part in kind.fields}
    return [] if kind.names_claims else [pin for pin in kind.pins if pin.name not in fields]


def of_every_kind(base: type[PublisherSerializer], suffix: str) -> dict[str, Any]:
    """A class for each provider, for OpenAPI."""
    return {
        name: type(f"{kind.__name__}{suffix}", (base,), {"kind": kind(kind.default_issuer), "__doc__": base.__doc__})
        for name, kind in PROVIDERS.items()
    }


def _field(part: Field, *, required: bool) -> ApiField:
    """The JSON of a field that a provider declares."""
    said = part.hint or part.label
    if part.stores is bool:
        return serializers.BooleanField(required=False, help_text=said)
    if part.stores is list:
        return serializers.ListField(child=serializers.CharField(), required=False, help_text=said)
    if part.stores is dict:
        return RuleSerializer(many=True, required=False, help_text=said)
    return _text(said, required=required and part.required and not part.default)


def _text(said: str, *, required: bool = False) -> ApiField:
    return serializers.CharField(required=required, allow_blank=not required, allow_null=not required, help_text=said)
