"""Who could publish a project in a span of time: people, publishers, API tokens, as the history tells it.

Events are only ever added, and hold the values before and after; rows say what is true now, and until when a token
lived. Whoever was deactivated could not publish meanwhile. A switch that was off meanwhile (an issuer, a provider,
uploads) is not taken into account.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from publishers.models import Publisher
from publishers.registration import in_words
from registry import names
from registry.models import Event, Project, Role, User
from tokens import inactive
from tokens.models import ApiToken, Provenance
from tokens.spans import Moment, Span

ROLE_TAGS = ("project:role:add", "project:role:change", "project:role:remove")
PUBLISHER_TAGS = tuple(f"project:oidc:publisher-{what}" for what in ("added", "changed", "renamed", "removed"))
ONLY_TAG, END_TAG = "project:trusted_publishing_only:change", "project:remove"
TAGS = (*ROLE_TAGS, *PUBLISHER_TAGS, ONLY_TAG, END_TAG)
# So many lines of a history, tokens and files are looked at.
MOST = 5_000
MOST_FILES = 50


@dataclass(frozen=True)
class Right:
    """Somebody or something that could publish for a while."""

    who: str
    span: Span
    how: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    row: Model | None = None  # while it stands
    event: Event | None = None  # what it is known by


@dataclass(frozen=True)
class Rights:
    """All that is known of a project in a span of time."""

    name: str
    span: Span
    project: Project | None
    people: list[Right]
    unclear: list[str]  # who was deactivated or activated without an event
    publishers: list[Right]
    api_tokens: list[Right]
    waiting: list[Publisher]
    only: list[Span]  # when API tokens could not upload
    files: list[Provenance]


def rights(name: str, span: Span) -> Rights:
    """Who could publish the project of that name, standing or gone, in that span."""
    name = names.normalize(name)
    lines = Event.objects.filter(project_name=name, tag__in=TAGS)
    history = list(lines.select_related("project").order_by("time", "pk")[:MOST])
    project = Project.objects.filter(normalized_name=name).first()
    roles = _people(history, project)
    off = inactive.spans({right.who for right in roles})
    people = [replace(right, span=left) for right in roles for left in right.span.without(off.get(right.who, ()))]
    return Rights(
        name,
        span,
        project,
        [right for right in people if right.span.meets(span)],
        inactive.unclear({right.row for right in roles if isinstance(right.row, User)}, off),
        [right for right in _publishers(history, project) if right.span.meets(span)],
        list(_api_tokens(name, people, span)),
        list(
            Publisher.objects.pending().select_related("issuer", "added_by").filter(normalized_name=name)[:MOST_FILES]
        ),
        [only for only in _only(history) if only.meets(span)],
        _files(name, span),
    )


def _people(history: Iterable[Event], project: Project | None) -> list[Right]:
    standing = {} if project is None else {role.user.username: role for role in _roles(project)}
    told: list[Right] = []
    open_: dict[str, Right] = {}
    for event in history:
        username = event.details.get("username", "")
        if event.tag == END_TAG:
            told += [_ended(right, event.time) for right in open_.values()]
            open_ = {}
        elif event.tag in ROLE_TAGS:
            before = open_.pop(username, None)
            if before is None and event.details.get("before"):
                before = Right(username, Span(None, None), event.details["before"], event=event)
            told += [_ended(before, event.time)] if before else []
            if event.details.get("after"):
                open_[username] = Right(username, Span(event.time, None), event.details["after"], event=event)
    told += open_.values()
    told += [Right(name, Span(None, None), role.role) for name, role in standing.items() if name not in open_]
    users = User.objects.in_bulk({right.who for right in told}, field_name="username")
    return [replace(right, row=users.get(right.who)) for right in told]


def _roles(project: Project) -> Iterable[Role]:
    return project.roles.select_related("user")


def _publishers(history: Iterable[Event], project: Project | None) -> list[Right]:
    """Each version of each publisher, for as long as it stood and was switched on."""
    told: list[Right] = []
    open_: dict[Any, Right] = {}
    for event in history:
        key = event.details.get("publisher")
        if event.tag == END_TAG:
            told += [_ended(right, event.time) for right in open_.values()]
            open_ = {}
        elif event.tag in PUBLISHER_TAGS:
            before = open_.pop(key, None)
            if before is None and event.tag != PUBLISHER_TAGS[0]:
                values = event.details.get("before", event.details)
                before = Right(str(key), Span(None, None), details=values, event=event)
            told += [_ended(before, event.time)] if before else []
            if event.tag != PUBLISHER_TAGS[-1]:
                values = event.details.get("after", event.details)
                open_[key] = Right(str(key), Span(event.time, None), details=values, event=event)
    told += open_.values()
    rows = {} if project is None else {row.pk: row for row in project.publishers.select_related("issuer")}
    known = {right.who for right in told}
    told += [
        Right(str(row.pk), Span(row.created_at, None), details=in_words(row))
        for row in rows.values()
        if str(row.pk) not in known
    ]
    return [
        _clipped(replace(right, row=rows.get(int(right.who)) if right.who.isdigit() else None))
        for right in told
        if right.details.get("enabled", True)
    ]


def _clipped(right: Right) -> Right:
    """No longer than its expiry date said."""
    expires = parse_datetime(str(right.details.get("expires_at") or "")) if right.details.get("expires_at") else None
    return replace(right, span=right.span.within(Span(None, expires)))


def _ended(right: Right, until: Moment) -> Right:
    return replace(right, span=Span(right.span.since, until))


def _api_tokens(name: str, people: list[Right], span: Span) -> Iterator[Right]:
    """The tokens of those people with the scope ``upload``, for as long as both the token and the role lasted."""
    roles = defaultdict(list)
    for right in people:
        roles[right.who].append(right.span)
    tokens = list(ApiToken.objects.filter(username__in=roles).select_related("user").order_by("pk")[:MOST])
    limits = _limits(tokens)
    for token in tokens:
        if ApiToken.Scope.UPLOAD not in token.scopes or (token.limited and name not in limits[token.pk]):
            continue
        until = min(filter(None, (token.expires_at, token.revoked_at)), default=None)
        for role in roles[token.username]:
            shared = Span(token.created_at, until).within(role)
            if shared.meets(span) and not shared.is_empty:
                how = (
                    f"limited to {', '.join(sorted(limits[token.pk]))}" if token.limited else "all projects of its user"
                )
                yield Right(f"{token.name} of {token.username}", shared, how, row=token)


def _limits(tokens: Iterable[ApiToken]) -> dict[int, set[str]]:
    """The projects of limited tokens: those that stand, and those that its first event names."""
    limited = [token for token in tokens if token.limited]
    keys = {token.pk for token in limited}
    limits: dict[int, set[str]] = {key: set() for key in keys}
    for key, name in ApiToken.projects.through.objects.filter(apitoken__in=keys).values_list(
        "apitoken", "project__normalized_name"
    ):
        limits[key].add(name)
    added = Event.objects.filter(username__in={token.username for token in limited}, tag="account:api_token:added")
    for details in added.values_list("details", flat=True)[:MOST]:
        if details.get("token") in limits:
            limits[details["token"]] |= set(details.get("projects") or ())
    return limits


def _only(history: Iterable[Event]) -> list[Span]:
    """The spans in which the project took no API token."""
    told, since, first = [], None, True
    for event in history:
        if event.tag == ONLY_TAG:
            if event.details.get("after"):
                since = event.time
            elif since is not None or first:
                told.append(Span(since, event.time))
                since = None
            first = False
    return [*told, Span(since, None)] if since is not None else told


def _files(name: str, span: Span) -> list[Provenance]:
    """What was published then, the newest first."""
    when = Q(uploaded_at__lt=span.until or timezone.now() + datetime.timedelta(days=1))
    if span.since is not None:
        when &= Q(uploaded_at__gte=span.since)
    files = Provenance.objects.filter(when, project_name=name).defer("claims", "publisher")
    return list(files.order_by("-uploaded_at", "-pk")[:MOST_FILES])
