"""Names that pending publishers wait for in vain: why each cannot be had, and who waited for it until it was lost.

A pending publisher whose name is lost is *invalidated*: it stays for a while, so that the job whose workload it names
is told what became of it. It waits for nothing any more, and never works again, also if its name becomes free.
"""

from collections.abc import Collection, Sequence

from django.conf import settings
from packaging.utils import NormalizedName

from publishers import sentences
from publishers.models import Issuer, Publisher
from registry.creation import name_problems
from registry.models import User

MAX_LOOKED_AT = 20  # that stood at a workload's place; a refusal needs to name no more


def problems(waiting: Sequence[Publisher]) -> dict[int, str]:
    """Which of those who wait can no longer be used, and why, in as many queries as for one."""
    if not waiting:
        return {}
    people = [publisher.added_by for publisher in waiting]
    names = [publisher.project_name for publisher in waiting]
    wishes = [(name, [user] if user else []) for name, user in zip(names, people, strict=True)]
    found = {}
    for publisher, user, problem in zip(waiting, people, name_problems(wishes), strict=True):
        if user is None or not user.is_active:
            found[publisher.pk] = "The user who waits for this project is no longer active."
        elif problem is not None:
            found[publisher.pk] = problem
    return found


def invalidated(issuer: Issuer, identity: str, wanted: Collection[NormalizedName] | None) -> list[Publisher]:
    """Those that stood at a place until their names were lost, the latest first; of ``wanted`` names only if given."""
    rows = Publisher.objects.invalidated().filter(issuer=issuer, identity=identity).select_related("added_by")
    if wanted is not None:
        rows = rows.filter(normalized_name__in=wanted)
    found = list(rows.order_by("-invalidated_at", "-pk")[:MAX_LOOKED_AT])
    for publisher in found:
        publisher.issuer = issuer
    return found


def why(ended: Sequence[Publisher]) -> dict[str, str]:
    """Of each name that was lost, why it cannot be had, or that it could not once; by the normal names."""
    known = problems(ended)
    # The latest is last, and counts.
    return {one.normalized_name: known.get(one.pk) or sentences.was_lost(one.project_name) for one in reversed(ended)}


def keep_few(user: User) -> None:
    """Forget a user's oldest: whoever loses names on purpose must not fill anybody's place with them."""
    rows = Publisher.objects.invalidated().filter(added_by=user).order_by("-invalidated_at", "-pk")
    few = settings.PENDING_PUBLISHERS_PER_USER
    older = rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[few : few + 100]
    Publisher.objects.filter(pk__in=list(older)).delete()
