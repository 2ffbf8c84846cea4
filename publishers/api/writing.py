"""From a request's JSON through the maintainers' form to a publisher."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError

from publishers import registration
from publishers.api.serializers import PublisherSerializer
from publishers.forms import PublisherForm, with_defaults
from publishers.models import Issuer, Publisher, SwitchedOff
from publishers.providers import PROVIDERS
from publishers.providers.base import Provider, WrongEntries
from registry.actors import Actor
from registry.api.problems import Conflict

NO_PUBLISHER = "There is no publisher of this id."
# What stands and is kept by a change that does not speak of it.
DECIDED = ("label", "enabled", "expires_at")


def add(base: type[PublisherSerializer], data: Mapping[str, Any], actor: Actor, **place: Any) -> tuple[Publisher, bool]:
    """Register what ``data`` asks for; and whether it is new: the same publisher may stand already.

    May ask the provider's API: not to be called inside a transaction. Raises ValidationError.
    """
    issuer = _issuer(data)
    said = _said(base, issuer.kind, data, partial=False)
    form = PublisherForm(issuer, with_defaults(issuer.kind, said), look_up=True, **place)
    saved = form.save(actor) if form.is_valid() else None
    if form.standing is not None:
        return form.standing, False
    return _or_refuse(saved, form), True


def change(
    base: type[PublisherSerializer], publisher: Publisher, data: Mapping[str, Any], actor: Actor, *, partial: bool
) -> Publisher:
    """Bring a publisher to what ``data`` says; with ``partial``, what it omits stays.

    Raises ValidationError, NotFound, and Conflict where somebody else changed meanwhile what would have stayed.
    """
    issuer = publisher.issuer
    _check_fixed(publisher, data)
    said = _said(base, issuer.kind, {**_fixed(publisher), **data}, partial=partial)
    said.pop("project_name", None)
    if partial:
        stands = {name: getattr(publisher, name) for name in DECIDED}
        said = {**stands, **publisher.values, **said}
    # Ids are asked for where another workload may be meant; to switch a publisher off no API is needed.
    form = PublisherForm(
        issuer, with_defaults(issuer.kind, said), publisher=publisher, look_up=_is_other(publisher, said)
    )
    before = registration.in_words(publisher)
    valid = form.is_valid()
    with transaction.atomic():
        standing = registration.in_words(_locked(publisher))
        if partial and standing != before:
            raise Conflict
        return _or_refuse(form.save(actor) if valid else None, form)


def open_issuers() -> "QuerySet[Issuer]":
    """Those that are switched on, and their providers too."""
    return Issuer.objects.filter(~SwitchedOff.covers("provider"), enabled=True, provider__in=PROVIDERS)


def _issuer(data: Mapping[str, Any]) -> Issuer:
    name, url = data.get("provider"), data.get("issuer")
    kind = PROVIDERS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValidationError({"provider": [f"Give one of {', '.join(PROVIDERS)}."]})
    url = url or kind.default_issuer
    if not isinstance(url, str) or not url:
        raise ValidationError({"issuer": ["Give the address of an issuer; `providers/` lists them."]})
    issuer = open_issuers().filter(url=url, provider=name).first()
    if issuer is None:
        raise ValidationError({"issuer": [f"No issuer of {kind.label} at this address is switched on here."]})
    return issuer


def _said(base: type[PublisherSerializer], kind: Provider, data: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
    """What a valid body says, in the form's words."""
    serializer = base(data=data, kind=kind, partial=partial)
    serializer.is_valid(raise_exception=True)
    said = {name: "" if value is None else value for name, value in serializer.validated_data.items()}
    if partial and not any(kind.key_in_file(part.name) in said for part in kind.fields):
        return said
    try:
        return kind.values_in_file(said)
    except WrongEntries as wrong:
        raise ValidationError({wrong.key: [str(wrong)]}) from wrong


def _locked(publisher: Publisher) -> Publisher:
    """The row as it is now. Raises NotFound."""
    try:
        return registration.locked(publisher)
    except Publisher.DoesNotExist as gone:
        raise NotFound(NO_PUBLISHER) from gone


def _is_other(publisher: Publisher, said: Mapping[str, Any]) -> bool:
    """Whether ``said`` has other values."""
    standing = {part.name: publisher.values.get(part.name) or part.stores() for part in publisher.issuer.kind.fields}
    return any(said.get(name, part) != part for name, part in standing.items())


def _fixed(publisher: Publisher) -> dict[str, Any]:
    fixed = {"provider": publisher.issuer.provider, "issuer": publisher.issuer.url}
    return {**fixed, "project_name": publisher.project_name} if publisher.is_pending else fixed


def _check_fixed(publisher: Publisher, data: Mapping[str, Any]) -> None:
    wrong = [name for name, value in _fixed(publisher).items() if data.get(name, value) != value]
    if wrong:
        raise ValidationError({name: ["This never changes: add another publisher."] for name in wrong})


def _or_refuse(publisher: Publisher | None, form: PublisherForm) -> Publisher:
    if publisher is not None:
        return publisher
    kind = form.kind
    errors: dict[str, list[str]] = {}
    for name, sentences in form.errors.items():
        member = "non_field_errors" if name == "__all__" else kind.key_in_file(name)
        errors.setdefault(member, []).extend(map(str, sentences))
    raise ValidationError(errors)
