"""What goes when something is deleted, and what stays: names, for good, and the history."""

import logging
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from registry import summaries, telling
from registry.actors import Actor
from registry.models import Event, File, Project, Release, RetiredName, UsedFilename, User
from registry.signals import user_removed
from registry.storage import contents

logger = logging.getLogger(__name__)


@receiver(pre_delete, sender=Project)
def retire_name(instance: Project, **_kwargs: Any) -> None:
    """Keep the name of a project that is being deleted for those who owned it."""
    retired, _ = RetiredName.objects.get_or_create(normalized_name=instance.normalized_name)
    retired.last_owners.set(instance.owners())


@receiver(pre_delete, sender=File)
def keep_filename(instance: File, **_kwargs: Any) -> None:
    """A file name that was published never returns with other bytes."""
    UsedFilename.objects.get_or_create(filename=instance.filename)


@receiver(post_delete, sender=File)
def remove_bytes(instance: File, **_kwargs: Any) -> None:
    """Remove the bytes once the deletion is certain; no other file can lie there, since its name never returns."""
    path = instance.path
    transaction.on_commit(lambda: _remove(path))


def delete_file(file: File, actor: Actor) -> bool:
    """Delete one file of a release; False if it is gone already."""
    project = file.release.project
    with transaction.atomic():
        if not project.lock() or not File.objects.filter(pk=file.pk).exists():
            return False
        details: dict[str, Any] = {"version": file.release.version, "filename": file.filename, "sha256": file.sha256}
        Event.objects.record("project:release:file:remove", actor, project=project, **details)
        file.delete()
        project.bump_serial()
    return True


def delete_release(release: Release, actor: Actor) -> bool:
    """Delete a release with its files; False if it is gone already."""
    with transaction.atomic():
        if not release.project.lock() or not Release.objects.filter(pk=release.pk).exists():
            return False
        files = {file.filename: file.sha256 for file in release.files.all()}
        details: dict[str, Any] = {"version": release.version, "files": files}
        Event.objects.record("project:release:remove", actor, project=release.project, **details)
        release.delete()
        summaries.keep(release.project)
        release.project.bump_serial()
    return True


def delete_project(project: Project, actor: Actor) -> bool:
    """Delete a project with its releases, files, roles and publishers; False if it is gone already.

    Its name stays with its last owners.
    """
    with transaction.atomic():
        if not project.lock():
            return False
        owners = list(project.owners().values_list("username", flat=True))
        releases = list(project.releases.values_list("version", flat=True))
        Event.objects.record(
            "project:remove", actor, project=project, name=project.name, owners=owners, releases=releases
        )
        project.delete()
    return True


def delete_user(user: User, actor: Actor) -> list[str]:
    """Delete a person with their roles, unless they went. Returns the names of the projects without an owner now."""
    with transaction.atomic():
        if User.objects.select_for_update(no_key=True).filter(pk=user.pk).first() is None:
            return []
        projects = [role.project for role in user.roles.select_related("project")]
        for role in user.roles.select_related("project"):
            details: dict[str, Any] = {"username": user.username, "before": role.role, "after": None}
            Event.objects.record("project:role:remove", actor, project=role.project, **details)
            telling.role_went(role.project, user, role.role, actor)
        user_removed.send(sender=User, user=user, actor=actor)
        Event.objects.record("account:remove", actor, user=user, email=user.email)
        user.delete()
        return [project.name for project in projects if not project.owners().exists()]


def _remove(path: str) -> None:
    for name in (path, f"{path}.metadata"):
        try:
            contents.delete(name)
        except OSError as failed:
            # It is deleted for everybody: what is not listed is not served.
            logger.error("The storage keeps the bytes of %s, which was deleted: %s", name, failed)
