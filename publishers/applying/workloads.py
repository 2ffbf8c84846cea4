"""Brings publishers and pending publishers to what an apply file says."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from publishers import registration
from publishers.applying.keys import Table
from publishers.applying.runs import Run, differences
from publishers.forms import PublisherForm, with_defaults
from publishers.models import Issuer, Publisher, fingerprint_of
from publishers.providers import PROVIDERS
from publishers.providers.base import WrongEntries
from registry.models import Event, Project, User
from registry.names import normalize

# What the file calls otherwise than the form.
_KEYS = {"expires_at": "expires"}


@dataclass(frozen=True)
class Asked:
    """What one table asks for: a publisher of ``project``, or one with which ``user`` waits for ``name``."""

    table: Table
    issuer: Issuer
    values: dict[str, Any]
    name: str
    project: Project | None = None
    user: User | None = None

    @property
    def workload(self) -> tuple[str, ...]:
        """The identity fields and the environment, in the form in which they are compared."""
        return _workload(self.issuer, self.values)

    def fits(self, publisher: Publisher) -> bool:
        """Whether ``publisher`` stands where this table belongs."""
        same_place = publisher.issuer_id == self.issuer.pk and publisher.normalized_name == normalize(self.name)
        return same_place and (self.user is None or publisher.added_by == self.user)


def bring_publishers(project: Project, tables: list[Table], run: Run) -> None:
    """Add and change the publishers of a project; with prune, remove those that the file omits."""
    asked = [_ask(table, run, project=project, name=project.name) for table in tables]
    _bring([one for one in asked if one], _with_relations(project.publishers.all()), run)


def bring_pending(tables: list[Table], run: Run) -> None:
    """Add and change pending publishers; one that was turned into its project already is done."""
    asked = []
    for table in tables:
        user = (run.users(table, "user") or {}).get(table["user"])
        one = _ask(table, run, user=user, name=table["project_name"]) if user else None
        if one is not None and not _is_done(one):
            asked.append(one)
    names = {normalize(table["project_name"]) for table in tables}
    waiting = _with_relations(Publisher.objects.pending().filter(normalized_name__in=names))
    _bring(asked, waiting, run)


def _ask(table: Table, run: Run, **place: Any) -> Asked | None:
    issuer = _issuer(table, run)
    if issuer is None:
        return None
    try:
        table = replace(table, values=issuer.kind.values_in_file(table.values))
    except WrongEntries as wrong:
        run.errors.add(table.where, str(wrong), wrong.key)
        return None
    fields = [part.name for part in issuer.kind.fields]
    said = with_defaults(issuer.kind, table.only(fields))
    values = {name: _stripped(said[name]) for name in fields if said.get(name)}
    return Asked(table, issuer, values, **place)


def _issuer(table: Table, run: Run) -> Issuer | None:
    url = table.get("issuer") or PROVIDERS[table["provider"]].default_issuer
    if not url:
        run.errors.add(table.where, 'the key "issuer" is missing')
        return None
    issuer = Issuer.objects.filter(url=url).first()
    if issuer is None:
        run.errors.add(table.where, f'there is no issuer "{url}"; add an [[issuer]] table for it.', "issuer")
    elif issuer.provider != table["provider"]:
        run.errors.add(table.where, f'the issuer {url} is served by "{issuer.provider}".', "provider")
        return None
    return issuer


def _with_relations(publishers: Any) -> list[Publisher]:
    return list(publishers.select_related("issuer", "project", "added_by").order_by("pk"))


def _bring(asked: list[Asked], standing: list[Publisher], run: Run) -> None:
    live = [publisher for publisher in standing if publisher.project or publisher.waits_until() > timezone.now()]
    recognised = _recognised(asked, live)
    for position, one in enumerate(asked):
        _bring_one(one, recognised.get(position), run)
    if run.prune:
        kept = {publisher.pk for publisher in recognised.values()}
        for publisher in live:
            if publisher.pk not in kept:
                run.say(f"remove {_called(publisher)}")
                registration.remove(publisher, run.actor)


def _recognised(asked: list[Asked], standing: Iterable[Publisher]) -> dict[int, Publisher]:
    """Which publisher each table means: by label, else the very same one, else by identity and environment."""
    left, found = list(standing), dict[int, Publisher]()
    same: list[Callable[[Asked, Publisher], bool]] = [
        lambda one, publisher: bool(publisher.label) and one.table.get("label") == publisher.label,
        lambda one, publisher: fingerprint_of(one.issuer, one.values) == publisher.fingerprint,
        lambda one, publisher: one.workload == _workload(publisher.issuer, publisher.values),
    ]
    for means in same:
        for position, one in enumerate(asked):
            match = next((stands for stands in left if one.fits(stands) and means(one, stands)), None)
            if position not in found and match is not None:
                found[position] = match
                left.remove(match)
    return found


def _bring_one(one: Asked, publisher: Publisher | None, run: Run) -> None:
    before = registration.in_words(publisher) if publisher else {}
    place: dict[str, Any] = {"publisher": publisher} if publisher else {"project": one.project, "user": one.user}
    form = PublisherForm(one.issuer, _data(one, before), **place)
    saved = form.save(run.actor) if form.is_valid() else None
    if saved is None:
        run.refuse(one.table, form, {name: _key(one, name) for name in form.errors})
    elif publisher is None:
        run.say(f"add {_called(saved)}")
    else:
        after = registration.in_words(saved)
        if before != after:
            run.say(f"change {_called(saved)}: {differences(_flat(before), _flat(after))}")


def _data(one: Asked, before: dict[str, Any]) -> dict[str, Any]:
    """What the form is given: the fields as the table has them, and what stands where it does not say."""
    data = with_defaults(one.issuer.kind, {name: before[name] for name in ("label", "enabled", "expires_at") if before})
    said = {name: value for name, value in one.table.values.items() if name not in {"provider", "issuer", "user"}}
    if "expires" in said:
        data["expires_at"] = _moment(said.pop("expires"))
    return {**data, **said}


def _key(one: Asked, field_name: str) -> str:
    return _KEYS.get(field_name) or one.issuer.kind.key_in_file(field_name)


def _moment(date: datetime.date) -> datetime.datetime:
    """A day is its beginning in UTC; a time without an offset is UTC."""
    if not isinstance(date, datetime.datetime):
        date = datetime.datetime.combine(date, datetime.time())
    return date if date.tzinfo else date.replace(tzinfo=datetime.UTC)


def _is_done(one: Asked) -> bool:
    """Whether the project exists because of such a pending publisher, be it changed or removed since."""
    project = Project.objects.named(one.name).first()
    if project is None:
        return False
    if any(_means(one, publisher.issuer.url, publisher.values) for publisher in _with_relations(project.publishers)):
        return True
    added = Event.objects.filter(project=project, tag="project:oidc:publisher-added", details__reified=True)
    return any(_means(one, event.details["issuer"], event.details["fields"]) for event in added)


def _means(one: Asked, issuer_url: str, values: dict[str, Any]) -> bool:
    return issuer_url == one.issuer.url and _workload(one.issuer, values) == one.workload


def _workload(issuer: Issuer, values: dict[str, Any]) -> tuple[str, ...]:
    parts = [part for part in issuer.kind.fields if part.identity or part.name == "environment"]
    return tuple(part.normalize(str(values.get(part.name, ""))) for part in parts)


def _called(publisher: Publisher) -> str:
    if publisher.project is not None:
        return f"publisher of {publisher.project.name}: {publisher}"
    waiting = publisher.added_by.username if publisher.added_by else "nobody"
    return f"pending publisher of {waiting} for {publisher.project_name}: {publisher}"


def _flat(words: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in words.items() if name not in {"fields", "pins"}}
    return {**rest, **words["fields"], **words["pins"]}


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
