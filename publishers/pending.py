"""What becomes of pending publishers when a project appears, or the person who waits goes."""

from typing import Any

from publishers import registration
from publishers.models import Publisher
from registry.actors import Actor
from registry.models import Event, Project, User
from registry.signals import project_created, user_removed


def connect() -> None:
    """Hear of new projects and of people who go."""
    project_created.connect(invalidate, dispatch_uid="pending publishers of a taken name")
    user_removed.connect(remove_waiting, dispatch_uid="pending publishers of a removed user")


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


def invalidate(project: Project, credential: Any, actor: Actor, **_kwargs: Any) -> None:
    """Remove the pending publishers whose name is now taken or too similar, and tell each waiting user's history.

    ``credential.credited_publisher_id`` names the one that made the project: it is reified, not removed.
    """
    reified = getattr(credential, "credited_publisher_id", lambda _name: None)(project.normalized_name)
    waiting = Publisher.objects.pending().filter(ultranormalized_name=project.ultranormalized_name)
    if reified is not None:
        waiting = waiting.exclude(pk=reified)
    for publisher in waiting.select_related("issuer", "added_by"):
        if publisher.added_by is not None:
            Event.objects.record(
                "account:oidc:pending-publisher-invalidated",
                actor,
                user=publisher.added_by,
                publisher=publisher.pk,
                name=project.name,
                provider=publisher.issuer.provider,
                fields=publisher.values,
            )
        publisher.delete()


def remove_waiting(user: User, actor: Actor, **_kwargs: Any) -> None:
    """Remove the pending publishers of somebody who can no longer own a project."""
    for publisher in Publisher.objects.pending().filter(added_by=user).select_related("issuer", "added_by"):
        registration.remove(publisher, actor)
