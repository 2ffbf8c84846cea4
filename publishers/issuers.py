"""Which issuers are trusted: the form that administrators and ``apply`` share, and the history of it.

Adding an issuer, or changing one, decides whose word this registry takes: every change is an event.
"""

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import transaction

from publishers import keys, namedclaims, telling
from publishers.differences import differences
from publishers.letters import has_control
from publishers.models import SIGNING_ALGORITHMS, Issuer
from publishers.namedclaims import ClaimsInUse
from publishers.providers import PROVIDERS, choices
from publishers.providers.base import Provider
from publishers.words import WordsField
from registry.actors import Actor
from registry.checks import FOREIGN_AUDIENCES
from registry.models import Event

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Issuer]
else:
    ModelForm = forms.ModelForm

# An issuer's URL and provider never change after saving: publishers and redemptions hang off them.
FIXED = ("url", "provider")
COLUMNS = (
    *FIXED,
    "name",
    "enabled",
    "audience",
    "algorithms",
    "max_token_age",
    "reuse",
    "api_url",
    "api_token_env",
    "ca_file",
    "allow_http_loopback",
    "identity_claims",
    "pinned_claims",
)


class IssuerForm(ModelForm):
    """An issuer. What the provider knows may stay empty: how long tokens live, and how often each may be exchanged."""

    provider = forms.ChoiceField(choices=choices)
    algorithms = forms.MultipleChoiceField(
        choices=[(name, name) for name in SIGNING_ALGORITHMS],
        initial=["RS256"],
        widget=forms.CheckboxSelectMultiple,
        help_text="What the issuer signs with; nothing else is accepted.",
    )
    max_token_age = forms.IntegerField(
        required=False, help_text="The most seconds between iat and exp; the provider's own limit when empty."
    )
    reuse = forms.ChoiceField(
        choices=[("", "as the provider's tokens are"), *Issuer.Reuse.choices],
        required=False,
        help_text="How often an identity token may be exchanged.",
    )
    api_token_env = forms.CharField(
        required=False,
        max_length=100,
        label="API token variable",
        validators=[RegexValidator(r"\A[A-Za-z_][A-Za-z0-9_]*\Z", "Write the name of an environment variable.")],
        help_text="The name of the environment variable that holds a token for the API, never the token itself.",
    )
    identity_claims = WordsField(
        required=False,
        widget=forms.TextInput({"size": 60}),
        help_text="For the generic provider: the claims that say which workload it is, such as sub. Each publisher "
        "gives their exact values. A name that begins with / is a JSON Pointer.",
    )
    pinned_claims = WordsField(
        required=False,
        widget=forms.TextInput({"size": 60}),
        help_text="For the generic provider: ids that never change and never return, recorded at the first use. Every "
        "token must have them.",
    )

    class Meta:
        model = Issuer
        fields = COLUMNS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # For those who may only look, the admin draws no fields at all.
        for name in {*FIXED} & self.fields.keys():
            self.fields[name].disabled = self.instance.pk is not None

    def clean_name(self) -> str:
        """One line of text."""
        return _plain(self.cleaned_data["name"])

    def clean_audience(self) -> str:
        """Never another service's: a token for it must not be usable here, nor one for here there."""
        audience: str = _plain(self.cleaned_data["audience"])
        if audience in FOREIGN_AUDIENCES:
            raise ValidationError(f"'{audience}' is the audience of another service.")
        return audience

    def clean_ca_file(self) -> str:
        """A file that is there."""
        name: str = _plain(self.cleaned_data["ca_file"])
        if name and not Path(name).is_file():
            raise ValidationError("There is no such file on this machine.")
        return name

    def clean(self) -> dict[str, Any]:
        """The addresses, which depend on whether http is allowed, and what the provider knows."""
        said = super().clean() or self.cleaned_data
        loopback = bool(said.get("allow_http_loopback"))
        for name in ("url", "api_url"):
            problem = _address_problem(said.get(name) or "", loopback)
            if problem and not self.fields[name].disabled:
                self.add_error(name, problem)
        kind = PROVIDERS.get(said.get("provider", ""))
        if kind is not None:
            self._check_claims(kind)
            said["max_token_age"] = said.get("max_token_age") or kind.max_token_age
            said["reuse"] = said.get("reuse") or kind.reuse
        return said

    def _check_claims(self, kind: type[Provider]) -> None:
        identity, pinned = (self.cleaned_data.get(name) or [] for name in ("identity_claims", "pinned_claims"))
        if not kind.names_claims:
            for name in ("identity_claims", "pinned_claims"):
                if self.cleaned_data.get(name):
                    self.add_error(name, "Only issuers of the generic provider name their claims.")
        elif not {"identity_claims", "pinned_claims"} & self.errors.keys():
            for name, sentence in namedclaims.problems(identity, pinned):
                self.add_error(name, sentence)
            self._check_unused(identity)

    def _check_unused(self, identity: list[str]) -> None:
        if self.instance.pk is None or self.errors:
            return
        try:
            namedclaims.check_unused(Issuer.objects.get(pk=self.instance.pk), identity)
        except ClaimsInUse as refused:
            self.add_error("identity_claims", str(refused))


def save(form: IssuerForm, actor: Actor) -> bool:
    """Add or change the issuer of a valid form; True if something changed. The key set's columns are not touched.

    Raises ClaimsInUse if the first publisher came since the form was checked; one that comes now waits for the lock.
    """
    issuer, changed = form.instance, list(form.changed_data)
    with transaction.atomic():
        if issuer._state.adding:
            issuer.save(force_insert=True)
            Event.objects.record("issuer:added", actor, **in_words(issuer))
            telling.issuer_changed(issuer, "was added", actor)
            return True
        standing = Issuer.objects.select_for_update(no_key=True).get(pk=issuer.pk)
        namedclaims.check_unused(standing, issuer.identity_claims)
        before = in_words(standing)
        after = {name: in_words(issuer)[name] if name in changed else value for name, value in before.items()}
        if before == after:
            return False
        issuer.save(update_fields=[name for name in changed if name not in FIXED])
        Event.objects.record("issuer:changed", actor, issuer=issuer.url, before=before, after=after)
        telling.issuer_changed(issuer, "was changed", actor, differences(before, after))
    return True


def remove(issuer: Issuer, actor: Actor) -> None:
    """Delete an issuer that no publisher uses. Raises ProtectedError for a used one: switch it off instead.

    One that is gone already leaves no second event.
    """
    with transaction.atomic():
        if Issuer.objects.select_for_update(no_key=True).filter(pk=issuer.pk).first() is None:
            return
        Event.objects.record("issuer:removed", actor, **in_words(issuer))
        telling.issuer_changed(issuer, "was removed", actor)
        issuer.delete()


def refresh_keys(issuer: Issuer, actor: Actor) -> None:
    """Fetch the keys now; never inside a transaction. Raises FetchFailed."""
    keys.refresh(issuer)
    Event.objects.record("issuer:keys-refreshed", actor, issuer=issuer.url, keys=sorted(issuer.keys))


def paste_keys(issuer: Issuer, document: Any, actor: Actor) -> bool:
    """Use a JWK set instead of fetching one; True if that changed something. Raises BadKeySet."""
    with transaction.atomic():
        before = sorted(issuer.keys)
        if not keys.paste(issuer, document):
            return False
        after = sorted(issuer.keys)
        Event.objects.record("issuer:keys-pasted", actor, issuer=issuer.url, before=before, after=after)
        changes = differences({"keys": before}, {"keys": after})
        telling.issuer_changed(issuer, "has pasted keys now, which are not fetched", actor, changes)
    return True


def unpaste_keys(issuer: Issuer, actor: Actor) -> bool:
    """Go back from pasted keys to discovery; True if there were any."""
    with transaction.atomic():
        before = sorted(issuer.keys)
        if not keys.unpaste(issuer):
            return False
        Event.objects.record("issuer:keys-unpasted", actor, issuer=issuer.url, before=before)
        telling.issuer_changed(issuer, "has fetched keys again instead of pasted ones", actor)
    return True


def drop_key(issuer: Issuer, key_id: str, actor: Actor) -> bool:
    """Never use a key again; True if the issuer had it."""
    with transaction.atomic():
        if not keys.drop(issuer, key_id):
            return False
        Event.objects.record("issuer:key-dropped", actor, issuer=issuer.url, key=key_id)
        telling.issuer_changed(issuer, "lost a key for good", actor, differences({"key": key_id}, {}))
    return True


def in_words(issuer: Issuer) -> dict[str, Any]:
    """What administrators decided about an issuer, as an event keeps it."""
    return {name: getattr(issuer, name) for name in COLUMNS}


def _plain(text: str) -> str:
    if has_control(text):
        raise ValidationError("Control characters are not allowed.")
    return text


def _address_problem(address: str, loopback: bool) -> str | None:  # noqa: FBT001
    """Why ``address`` cannot be an issuer's or an API's; OpenID Connect Discovery 1.0, section 3, for the form."""
    if not address:
        return None
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "This is not an address."
    if not address.isascii() or has_control(address) or not host or parts.query or parts.fragment or "@" in address:
        return "Write an https address without a query, a fragment or a user."
    if parts.scheme == "https" or (parts.scheme == "http" and loopback and _is_loopback(host)):
        return None
    return "The address must begin with https:// (http:// to this machine only, where the issuer allows it)."


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
