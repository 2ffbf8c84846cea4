"""What an administrator should look at: publishers that trust much, or that nobody needs, and issuers in trouble."""

import datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from publishers.housekeeping import REMINDER_LEAD
from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS

UNUSED = datetime.timedelta(days=90)
# The constraints of all providers; the generic one's rules are such too.
_DECLARED = {part.name for kind in PROVIDERS.values() for part in kind.fields if not part.required}
CONSTRAINTS = sorted(_DECLARED | {"claims"})


def unnarrowed() -> "QuerySet[Publisher]":
    """Trusted publishers with no constraint at all: any job of their workflow may publish."""
    return _live().exclude(values__has_any_keys=CONSTRAINTS)


def unused() -> "QuerySet[Publisher]":
    """Trusted publishers that stand for 90 days or more and were not used in the last 90."""
    long_ago = timezone.now() - UNUSED
    idle = Q(last_used_at__isnull=True) | Q(last_used_at__lt=long_ago)
    return _live().filter(idle, created_at__lt=long_ago)


def expiring() -> "QuerySet[Publisher]":
    """Pending publishers of which little time is left."""
    now, lifetime = timezone.now(), datetime.timedelta(days=settings.PENDING_PUBLISHER_TTL_DAYS)
    waiting = Publisher.objects.pending().filter(created_at__gt=now - lifetime)
    return waiting.filter(created_at__lte=now - lifetime + REMINDER_LEAD)


def troubled() -> "QuerySet[Issuer]":
    """Issuers that are trusted and whose keys could not be refreshed at the last try."""
    return Issuer.objects.filter(enabled=True).exclude(refresh_error="")


def _live() -> "QuerySet[Publisher]":
    return Publisher.objects.trusted().filter(enabled=True)
