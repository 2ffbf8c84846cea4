"""What becomes of pending publishers when a project appears, a name cannot be had, or the person who waits goes."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from publishers import lostnames, registration, telling
from publishers.models import Publisher
from registry.actors import Actor
from registry.creation import name_problems
from registry.models import Event, ProhibitedName, Project, User
from registry.names import ultranormalize
from registry.signals import name_prohibited, project_created, project_creating, user_removed

BATCH = 500


def connect() -> None:
    """Hear of new projects, of names that nobody shall have, and of people who go."""
    project_creating.connect(lock_waiting, dispatch_uid="pending publishers of a name that is being taken")
    project_created.connect(invalidate, dispatch_uid="pending publishers of a taken name")
    name_prohibited.connect(invalidate_prohibited, dispatch_uid="pending publishers of a prohibited name")
    user_removed.connect(remove_waiting, dispatch_uid="pending publishers of a removed user")


def lock(name: str, publishers: Collection[int] = ()) -> None:
    """Lock those who wait for ``name``, or for one like it, and these ``publishers``, until the transaction ends.

    In the order of their keys: two first uploads of one name take turns here, and do not wait for each other later.
    """
    waiting = Q(project__isnull=True, invalidated_at__isnull=True, ultranormalized_name=ultranormalize(name))
    rows = Publisher.objects.select_for_update(no_key=True).filter(waiting | Q(pk__in=publishers))
    list(rows.order_by("pk").values_list("pk"))


def lock_waiting(name: str, **_kwargs: Any) -> None:
    """Before the project's row, as an upload by one of them does."""
    lock(name)


def reify(publisher: Publisher, project: Project, actor: Actor) -> None:
    """Turn the pending publisher whose first upload created ``project`` into its trusted publisher.

    The caller holds its row lock, and has seen that it may still be used.
    """
    publisher.project = project
    publisher.save(update_fields=["project", "project_name", "normalized_name", "ultranormalized_name"])
    Event.objects.record(
        "project:oidc:publisher-added",
        actor,
        project=project,
        publisher=publisher.pk,
        provider=publisher.issuer.provider,
        issuer=publisher.issuer.url,
        fields=publisher.values,
        reified=True,
    )
    if publisher.added_by is not None:
        Event.objects.record(
            "account:oidc:pending-publisher-reified",
            actor,
            user=publisher.added_by,
            publisher=publisher.pk,
            name=project.name,
        )
        telling.used(publisher, project)


def invalidate(project: Project, credential: Any, actor: Actor, **_kwargs: Any) -> None:
    """End the pending publishers whose name is now taken or too similar, and tell each waiting user's history.

    ``credential.credited_publisher_id`` names the one that made the project: it is reified, not ended.
    """
    reified = getattr(credential, "credited_publisher_id", lambda _name: None)(project.normalized_name)
    waiting = Publisher.objects.pending().filter(ultranormalized_name=project.ultranormalized_name)
    if reified is not None:
        waiting = waiting.exclude(pk=reified)
    rows = list(waiting.select_related("issuer", "added_by"))
    for publisher, problem in zip(rows, _problems(rows), strict=True):
        _end(publisher, problem or f"The name '{publisher.project_name}' is taken.", actor)


def invalidate_prohibited(name: ProhibitedName, actor: Actor, **_kwargs: Any) -> None:
    """End those who wait for a name that was just prohibited, or for one like it."""
    invalidate_lost(Publisher.objects.pending().filter(ultranormalized_name=name.ultranormalized_name), actor)


def invalidate_lost(waiting: "QuerySet[Publisher]", actor: Actor) -> int:
    """End those of ``waiting`` whose name can no longer be had, for whatever reason; how many there were."""
    ended, last = 0, 0
    waiting = waiting.select_related("added_by").order_by("pk")
    while rows := list(waiting.filter(pk__gt=last)[:BATCH]):
        lost = [row for row, problem in zip(rows, _problems(rows), strict=True) if problem]
        ended += sum(_invalidate(row, actor) for row in lost)
        last = rows[-1].pk
    return ended


def remove_waiting(user: User, actor: Actor, **_kwargs: Any) -> None:
    """Remove the pending publishers of somebody who can no longer own a project."""
    for publisher in Publisher.objects.pending().filter(added_by=user).select_related("issuer", "added_by"):
        registration.remove(publisher, actor)
    Publisher.objects.invalidated().filter(added_by=user).delete()


def _problems(rows: Sequence[Publisher]) -> list[str | None]:
    """Why the name of each cannot be had, as a sentence."""
    return name_problems([(row.project_name, [row.added_by] if row.added_by else []) for row in rows])


def _invalidate(publisher: Publisher, actor: Actor) -> bool:
    """End it unless that has changed: it may have become a project's publisher, or the name may be free again."""
    with transaction.atomic():
        row = Publisher.objects.pending().select_for_update(no_key=True).filter(pk=publisher.pk).first()
        problem = _problems([row])[0] if row is not None else None
        if row is None or problem is None:
            return False
        _end(row, problem, actor)
    return True


def _end(publisher: Publisher, reason: str, actor: Actor) -> None:
    """Invalidate it (``publishers.lostnames``), and tell the history of the user who waits, and the user."""
    Publisher.objects.filter(pk=publisher.pk).update(invalidated_at=timezone.now())
    if publisher.added_by is not None:
        Event.objects.record(
            "account:oidc:pending-publisher-invalidated",
            actor,
            user=publisher.added_by,
            publisher=publisher.pk,
            name=publisher.project_name,
            provider=publisher.issuer.provider,
            fields=publisher.values,
            reason=reason,
        )
        lostnames.keep_few(publisher.added_by)
    telling.invalidated(publisher, reason)
