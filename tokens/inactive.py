"""When people were deactivated, as the history tells it.

An administrator deactivates an account in the admin, which leaves an event. What was done elsewhere leaves none.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from registry.models import Event, User
from tokens.spans import Moment, Span

TAGS = ("account:create", "account:permissions:change")
# So many lines of the history are looked at.
MOST = 5_000


def spans(usernames: Collection[str]) -> dict[str, list[Span]]:
    """For each of them who ever was, when; the earliest first."""
    lines = Event.objects.filter(tag__in=TAGS, username__in=usernames).order_by("time", "pk")
    changes: dict[str, list[tuple[Moment, bool, bool]]] = defaultdict(list)
    for username, time, details in lines.values_list("username", "time", "details")[:MOST]:
        before, after = details.get("before", {}), details.get("after", details)
        # An apply file gives permissions, and says nothing of this.
        if "is_active" in after:
            changes[username].append((time, before.get("is_active", True), after["is_active"]))
    told = {username: list(_of(lines)) for username, lines in changes.items()}
    return {username: off for username, off in told.items() if off}


def unclear(users: Iterable[User], told: dict[str, list[Span]]) -> list[str]:
    """The usernames of those who are active or not otherwise than the history tells."""
    ended = {username: off[-1].until is not None for username, off in told.items()}
    return sorted(user.username for user in users if user.is_active != ended.get(user.username, True))


def _of(changes: list[tuple[Moment, bool, bool]]) -> Iterable[Span]:
    since: Moment | None = None
    was_off = not changes[0][1]
    for time, _, is_active in changes:
        if is_active and was_off:
            yield Span(since, time)
        elif not is_active and not was_off:
            since = time
        was_off = not is_active
    if was_off:
        yield Span(since, None)
