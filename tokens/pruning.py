"""What has outlived its retention, deleted in batches, so that no batch holds others up for long.

Never an event, nor an exchange or a token by which a file was uploaded: a provenance refers to it.
"""

import datetime
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from publishers import housekeeping
from registry import outbox
from registry.actors import Actor
from registry.clearing import clear
from registry.models import Invitation
from registry.uploads.receiving import remove_stale
from tokens.models import REDEMPTION_MARGIN, Exchange, Provenance, UploadToken

BATCH = 500
# An upload that began while its token lived may still be storing its file.
GRACE = datetime.timedelta(days=1)


def prune() -> Iterator[tuple[str, int]]:
    """Delete it all, step by step; what was deleted, in words, and how much of it."""
    now = timezone.now()
    tokens = clear(dead_upload_tokens(now), "created_at", now - GRACE, unused_upload_tokens())
    yield "dead upload tokens and redemptions", tokens
    exchanges = clear(unused_exchanges(), "created_at", now - _retention(), exchanges_without_files())
    yield "refused and unused exchanges", exchanges
    yield from housekeeping.keep(Actor("prune"))
    yield "expired invitations", _in_batches(Invitation.objects.expired())
    yield "expired sessions", _in_batches(Session.objects.filter(expire_date__lt=timezone.now()))
    yield "records of ended sessions", _in_batches(ended_sessions())
    yield "old mails", _in_batches(outbox.outlived())
    yield "unfinished uploads", remove_stale()


def dead_upload_tokens(now: datetime.datetime) -> QuerySet[UploadToken]:
    """Dead tokens by which nothing was uploaded, and whose identity tokens have expired too.

    A row is the redemption of its identity token: without it that token could be exchanged again.
    """
    ends = ("expires_at", "burnt_at", "spent_at", "revoked_at")
    dead = reduce(or_, (Q(**{f"{end}__lt": now - GRACE}) for end in ends))
    return unused_upload_tokens().filter(dead, redeemed_until__lt=now - REDEMPTION_MARGIN)


def unused_upload_tokens() -> QuerySet[UploadToken]:
    """Those by which nothing was uploaded, dead or not; the others stay for good."""
    return UploadToken.objects.filter(~Exists(Provenance.objects.filter(upload_token=OuterRef("pk"))))


def unused_exchanges() -> QuerySet[Exchange]:
    """Exchanges by which nothing was uploaded, and whose token is gone."""
    used = Provenance.objects.filter(exchange=OuterRef("pk"))
    return Exchange.objects.filter(~Exists(used), ~Exists(UploadToken.objects.filter(exchange=OuterRef("pk"))))


def exchanges_without_files() -> QuerySet[Exchange]:
    """Those by which nothing was uploaded, whether their token is gone or not; the others stay for good."""
    used = Provenance.objects.filter(exchange=OuterRef("pk"))
    by_token = Provenance.objects.filter(upload_token__exchange=OuterRef("pk"))
    return Exchange.objects.filter(~Exists(used), ~Exists(by_token))


def _retention() -> datetime.timedelta:
    return datetime.timedelta(days=settings.EXCHANGE_RETENTION_DAYS)


def ended_sessions() -> QuerySet[UserSession]:
    """What django-allauth keeps of sessions that are gone."""
    live = Session.objects.filter(session_key=OuterRef("session_key"))
    ended: QuerySet[UserSession] = UserSession.objects.filter(~Exists(live))
    return ended


def _in_batches(rows: QuerySet[Any]) -> int:
    """Delete rows, a batch in a transaction each; the conditions are asked again when a batch is deleted."""
    deleted = 0
    while batch := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.filter(pk__in=batch).delete()[1].get(rows.model._meta.label, 0)
    return deleted
