"""The form of a publisher: drawn from what its provider declares.

The same class validates the maintainers' page, the admin, REST and ``apply``, so that the rules live once.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from publishers import fetch, registration
from publishers.fetch import FetchFailed
from publishers.letters import has_control
from publishers.models import Issuer, Publisher
from publishers.providers.base import LookupFailed, Provider, UnknownIdentity
from publishers.providers.fields import Field
from publishers.providers.rules import Rules
from publishers.registration import AlreadyRegistered, ChangedMeanwhile, IssuerChanged, TooManyPending, Wanted
from publishers.ruleform import RulesField
from publishers.words import WordsField
from registry.actors import Actor
from registry.creation import NameRefused, check_name
from registry.models import Project, User
from registry.moments import in_the_calendar
from registry.names import MAX_NAME_LENGTH

# Letters that an input shows, where values may be longer than this.
WIDE, WIDE_FROM = 60, 255
# What the form asks besides the provider's fields; no provider may declare a field or pin of such a name.
OWN_FIELDS = ("project_name", "label", "enabled", "expires_at", "pin_at_first_use", "based_on")


class PublisherForm(forms.Form):
    """A publisher at ``issuer``: of ``project``, or waiting for the first upload of a project that ``user`` will own.

    ``publisher`` is the row that is being changed. With ``look_up`` validation asks the provider's API for the ids
    to pin: it must then not run inside a transaction. ``initial`` may hold PyPI's query names (prefill).
    """

    def __init__(
        self,
        issuer: Issuer,
        data: Mapping[str, Any] | None = None,
        *,
        project: Project | None = None,
        user: User | None = None,
        publisher: Publisher | None = None,
        look_up: bool = False,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.issuer, self.kind, self.publisher, self.look_up = issuer, issuer.kind, publisher, look_up
        self.project = publisher.project if publisher else project
        self.user = publisher.added_by if publisher else user
        self.looked_up: dict[str, str] = {}
        self.standing: Publisher | None = None  # the same publisher, if validation or saving met it
        super().__init__(data, initial={**_standing_values(publisher), **(initial or {})})
        self._draw()
        if "pin_at_first_use" in self.data:
            self._offer_pinning_later()

    @property
    def pending(self) -> bool:
        """Whether it is about a publisher that waits for a project."""
        return self.project is None

    @property
    def provider_fields(self) -> list[str]:
        """The names of the provider's own fields, in its order."""
        return [part.name for part in self.kind.fields]

    @property
    def pin_fields(self) -> list[str]:
        """The names of the ids that may be given."""
        declared = {part.name for part in self.kind.fields}
        return [pin.name for pin in self.kind.pins if pin.name not in declared]

    @property
    def wanted(self) -> Wanted:
        """What the valid form asks for."""
        said = self.cleaned_data
        # A field that is an id itself is pinned as it was typed.
        given = {pin.name: said[pin.name] for pin in self.kind.pins if said.get(pin.name)}
        return Wanted(
            values={name: said[name] for name in self.provider_fields if said.get(name)},
            pins={**self.looked_up, **given},
            label=said["label"],
            enabled=said["enabled"],
            expires_at=said["expires_at"],
            based_on=said.get("based_on", ""),
        )

    def clean(self) -> None:
        """What concerns the whole publisher; the network comes last, and only if all else is right."""
        super().clean()
        for check in (self._check_not_registered, self._check_name, self._check_limit, self._look_up_pins):
            if not self.errors:
                check()

    def save(self, actor: Actor) -> Publisher | None:
        """Register or change the publisher; None, with an error in the form, if somebody else was faster."""
        try:
            return self._save(actor)
        except AlreadyRegistered as refused:
            self._meet(refused.standing)
        except (ChangedMeanwhile, IssuerChanged, TooManyPending) as refused:
            self.add_error(None, str(refused))
        except Publisher.DoesNotExist:
            self.add_error(None, "This publisher was removed meanwhile.")
        except (Project.DoesNotExist, User.DoesNotExist) as gone:
            what = "project" if isinstance(gone, Project.DoesNotExist) else "account"
            self.add_error(None, f"This {what} was deleted meanwhile.")
        return None

    def missing(self) -> str:
        """What of the valid form the provider's API does not find, as a warning; never inside a transaction."""
        if not self.look_up or not self.issuer.api_url:
            return ""
        try:
            return self.kind.missing(self.wanted.values, self._ask)
        except FetchFailed:
            return ""

    def _save(self, actor: Actor) -> Publisher:
        if self.publisher is not None:
            registration.change(self.publisher, self.wanted, actor)
            return self.publisher
        if self.project is not None:
            return registration.add(self.project, self.issuer, self.wanted, actor)
        assert self.user is not None
        return registration.add_pending(self.cleaned_data["project_name"], self.user, self.issuer, self.wanted, actor)

    def _draw(self) -> None:
        if self.pending and self.publisher is None:
            self.fields["project_name"] = forms.CharField(max_length=MAX_NAME_LENGTH, label="Project name")
        for part in self.kind.fields:
            self.fields[part.name] = form_field(part)
        self.fields["label"] = forms.CharField(
            max_length=100, required=False, validators=[_no_control], help_text="A name of your own for it."
        )
        self.fields["enabled"] = forms.BooleanField(required=False, initial=True)
        self.fields["expires_at"] = forms.DateTimeField(
            required=False,
            label="Expires",
            validators=[in_the_calendar],
            help_text="When it stops working (UTC), such as 2027-01-31; never if empty.",
        )
        if self.publisher is not None:
            self.fields["based_on"] = forms.CharField(
                required=False, widget=forms.HiddenInput, initial=registration.state(self.publisher)
            )
        for pin in self.kind.pins:
            if pin.name in self.pin_fields:
                self.fields[pin.name] = forms.CharField(
                    max_length=255,
                    required=False,
                    label=pin.label,
                    validators=[_no_control],
                    help_text=self._pin_hint(pin.name),
                )

    def _pin_hint(self, name: str) -> str:
        pinned = self.publisher.pins.get(name) if self.publisher else None
        if pinned:
            return f"Pinned to {pinned}. Leave it empty to keep that."
        return "Leave it empty to have it looked up now or recorded at the first use."

    def _check_not_registered(self) -> None:
        other = registration.standing(
            self.issuer,
            self.wanted.values,
            project=self.project,
            user=self.user,
            project_name=self._project_name(),
        )
        if other is not None and other != self.publisher:
            self._meet(other)

    def _meet(self, other: Publisher) -> None:
        self.standing = other
        self.add_error(None, str(AlreadyRegistered(other)))

    def _project_name(self) -> str:
        return self.publisher.project_name if self.publisher else self.cleaned_data.get("project_name", "")

    def _check_name(self) -> None:
        if "project_name" not in self.fields:
            return
        try:
            check_name(self.cleaned_data["project_name"], [self.user] if self.user else [])
        except NameRefused as refused:
            self.add_error("project_name", str(refused))

    def _check_limit(self) -> None:
        if "project_name" not in self.fields or self.user is None:
            return
        try:
            registration.check_pending_limit(self.user)
        except TooManyPending as refused:
            self.add_error(None, str(refused))

    def _look_up_pins(self) -> None:
        if not self._wants_lookup():
            return
        try:
            found = self.kind.lookup(self.wanted.values, self._ask)
        except UnknownIdentity as unknown:
            self.add_error(unknown.field_name, str(unknown))
        except (LookupFailed, FetchFailed) as failed:
            self._offer_pinning_later()
            self.add_error(None, f"{failed} Try again, or choose “pin at first use instead”.")
        else:
            self._take(found)

    def _ask(self, path: str) -> fetch.Answer:
        issuer = self.issuer
        token = os.environ.get(issuer.api_token_env) if issuer.api_token_env else None
        return fetch.get_json(
            issuer.api_url.rstrip("/") + path,
            bearer=token,
            ca_file=issuer.ca_file,
            allow_http_loopback=issuer.allow_http_loopback,
        )

    def _wants_lookup(self) -> bool:
        if not self.look_up or not self.issuer.api_url or self.cleaned_data.get("pin_at_first_use"):
            return False
        if self.publisher is None or not self.publisher.pins:
            return True
        return self.kind.identity(self.wanted.values) != self.publisher.identity

    def _take(self, found: dict[str, str]) -> None:
        for name, looked_up in found.items():
            given = self.cleaned_data.get(name)
            if given and given != looked_up:
                self.add_error(name, f"The provider's API says that this id is {looked_up}.")
        self.looked_up = found

    def _offer_pinning_later(self) -> None:
        self.fields["pin_at_first_use"] = forms.BooleanField(
            required=False,
            label="Pin at first use instead",
            help_text="The ids are recorded at the first granted exchange, which must come within 30 days.",
        )


def form_field(part: Field) -> forms.Field:
    """The form's field for a field that a provider declares."""
    if part.stores is bool:
        return forms.BooleanField(label=part.label, help_text=part.hint, required=False)
    if isinstance(part, Rules):
        return RulesField(part)
    wide = {"size": WIDE} if part.max_length > WIDE_FROM else {}
    return (WordsField if part.stores is list else forms.CharField)(
        widget=forms.TextInput(wide),
        label=part.label,
        help_text=part.hint,
        required=part.required,
        initial=part.default,
        max_length=part.max_length,
        validators=[_refusal(part)],
        error_messages={
            "required": f"{part.label} is required.",
            "max_length": f"{part.label} may have at most {part.max_length} characters.",
        },
    )


def with_defaults(kind: Provider, data: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` of a machine, which omits what it takes as given, completed as a person would see the empty form."""
    return {"enabled": True, **{part.name: part.default for part in kind.fields if part.default}, **data}


def _standing_values(publisher: Publisher | None) -> dict[str, Any]:
    if publisher is None:
        return {}
    stands = {"label": publisher.label, "enabled": publisher.enabled, "expires_at": publisher.expires_at}
    return {**publisher.values, **stands}


def _refusal(part: Field) -> Callable[[str], None]:
    def validate(value: str) -> None:
        sentence = part.refusal(value)
        if sentence is not None:
            raise ValidationError(sentence, code="invalid")

    return validate


def _no_control(value: str) -> None:
    if has_control(value):
        raise ValidationError("Control characters are not allowed.", code="invalid")
