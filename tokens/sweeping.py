"""Revoking everything that came from one place: an issuer, a provider, a repository, a publisher, a user, an address.

Only what lives is looked at, which is little however long the registry has run; what was revoked is no longer there
to be found, so that a sweep that was interrupted, or asked for twice, goes on where it stopped.
"""

import datetime
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from publishers.models import Issuer, Publisher
from publishers.places import known_identities
from publishers.providers import PROVIDERS
from registry.actors import Actor
from registry.models import Event, User
from tokens.models import ApiToken, Provenance, UploadToken
from tokens.revoking import revoke_api_token, revoke_upload_token

# Of each kind, in one request.
BATCH = 200
MAX_ADDRESSES = 10_000

ISSUER, PROVIDER, REPOSITORY = "issuer", "provider", "repository"
PUBLISHER, USER, ADDRESS = "publisher", "user", "address"
KINDS = {
    ISSUER: "everything of an issuer",
    PROVIDER: "everything of a provider, at all its issuers",
    REPOSITORY: "everything of a repository, at any provider",
    PUBLISHER: "everything of a publisher",
    USER: "a user's API tokens, and what came through publishers that the user added",
    ADDRESS: "everything that was asked for from an address",
}


@dataclass(frozen=True)
class Selection:
    """What is to go: tokens of ``which`` that were created at ``since`` or later, if that is said."""

    kind: str
    which: str
    since: datetime.datetime | None = None

    def upload_tokens(self) -> list[int]:
        """The keys of the live upload tokens."""
        live = _since(live_upload_tokens(), self.since)
        if self.kind in _ROWS:
            return list(_ROWS[self.kind](live, self.which).order_by("pk").values_list("pk", flat=True))
        publishers = _publishers(self.kind, self.which)
        grants = live.order_by("pk").values_list("pk", "grants")
        return [key for key, granted in grants if any(grant["publisher"] in publishers for grant in granted)]

    def api_tokens(self) -> list[int]:
        """The keys of the live API tokens."""
        live = _since(live_api_tokens(), self.since)
        if self.kind == USER:
            live = live.filter(user__username=self.which)
        elif self.kind == ADDRESS:
            live = live.filter(pk__in=_used_or_created_at(self.which))
        else:
            return []
        return list(live.order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True)
class Swept:
    """What one batch did, and what is left."""

    revoked: int
    left: int


def sweep(selection: Selection, reason: str, actor: Actor) -> Swept:
    """Revoke a batch of what is selected, each token with its own events and mails, and leave one event of it all."""
    uploads, apis = selection.upload_tokens(), selection.api_tokens()
    revoked = sum(revoke_upload_token(token, reason, actor) for token in _rows(UploadToken, uploads[:BATCH]))
    revoked += sum(revoke_api_token(token, reason, actor) for token in _rows(ApiToken, apis[:BATCH]))
    left = len(uploads[BATCH:]) + len(apis[BATCH:])
    if revoked:
        since = selection.since.isoformat() if selection.since else None
        what: dict[str, Any] = {"of": selection.kind, "which": selection.which, "since": since, "reason": reason}
        Event.objects.record("registry:tokens:revoked", actor, **what, revoked=revoked, left=left)
    return Swept(revoked, left)


def problem(kind: str, which: str) -> str | None:
    """Why nothing can be selected so, as a sentence."""
    if kind not in KINDS:
        return "Choose what the tokens have in common."
    if not _EXISTS[kind](which):
        return f"There is no such {kind} here."
    return None


def live_upload_tokens() -> "QuerySet[UploadToken]":
    """Those that may open something."""
    ended = ("burnt_at", "spent_at", "revoked_at")
    return UploadToken.objects.filter(expires_at__gt=timezone.now(), **{f"{end}__isnull": True for end in ended})


def live_api_tokens() -> "QuerySet[ApiToken]":
    """Those that may open something."""
    over = Q(expires_at__isnull=False, expires_at__lte=timezone.now())
    return ApiToken.objects.filter(~over, revoked_at__isnull=True)


_ROWS: "dict[str, Callable[[QuerySet[UploadToken], str], QuerySet[UploadToken]]]" = {
    ISSUER: lambda live, which: live.filter(issuer_url=which),
    PROVIDER: lambda live, which: live.filter(exchange__provider=which),
    REPOSITORY: lambda live, which: live.filter(exchange__identity__in=known_identities(which)),
    ADDRESS: lambda live, which: live.filter(exchange__address=which),
}
_EXISTS: dict[str, Callable[[str], bool]] = {
    ISSUER: lambda which: Issuer.objects.filter(url=which).exists(),
    PROVIDER: lambda which: which in PROVIDERS,
    REPOSITORY: lambda which: bool(known_identities(which)),
    PUBLISHER: lambda which: bool(_publishers(PUBLISHER, which)),
    USER: lambda which: User.objects.filter(username=which).exists(),
    ADDRESS: lambda which: _is_address(which),
}


def _publishers(kind: str, which: str) -> set[int]:
    if kind == USER:
        return set(Publisher.objects.filter(added_by__username=which).values_list("pk", flat=True))
    return {int(which)} if which.isascii() and which.isdigit() and len(which) < 19 else set()


def _used_or_created_at(address: str) -> list[int]:
    """API tokens that were created from there, or by which a file came from there."""
    lines = Event.objects.filter(address=address, tag="account:api_token:added").order_by("-time")
    created = lines.values_list("details__token", flat=True)[:MAX_ADDRESSES]
    used = Provenance.objects.filter(address=address, api_token__isnull=False).order_by("-uploaded_at")
    keys = [*created, *used.values_list("api_token", flat=True)[:MAX_ADDRESSES]]
    return sorted({key for key in keys if isinstance(key, int)})


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _since(rows: "QuerySet[Any]", since: datetime.datetime | None) -> "QuerySet[Any]":
    return rows if since is None else rows.filter(created_at__gte=since)


def _rows(model: type[Any], keys: list[int]) -> list[Any]:
    related = "user" if model is ApiToken else "exchange"
    return list(model.objects.filter(pk__in=keys).select_related(related).order_by("pk"))
