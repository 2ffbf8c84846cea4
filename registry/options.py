"""What owners set of their projects and releases, and the history of it."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from registry import summaries, telling
from registry.actors import Actor
from registry.models import Event, Project, Release

OPTIONS = ("status", "trusted_publishing_only", "max_file_size")

# Warehouse's tags speak of entering and leaving a state.
_STATES = {
    Project.Status.ARCHIVED: "archive",
    Project.Status.QUARANTINED: "quarantine",
    Project.Status.DEPRECATED: "deprecate",
}


class InQuarantine(Exception):
    """The status is an administrator's to change; the message is a sentence for people."""

    def __init__(self) -> None:
        super().__init__("Only an administrator puts a project in quarantine, or ends it.")


def set_options(project: Project, actor: Actor, **wanted: Any) -> dict[str, tuple[Any, Any]]:
    """Set some of OPTIONS; returns what changed, as (before, after). Raises Project.DoesNotExist."""
    with transaction.atomic():
        row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        changes = {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
        for name, (_, after) in changes.items():
            setattr(row, name, after)
            setattr(project, name, after)
        if changes:
            row.save(update_fields=[*changes])
            _record(row, changes, actor)
    return changes


def set_as_owner(project: Project, actor: Actor, **wanted: Any) -> dict[str, tuple[Any, Any]]:
    """The same, for what is an owner's to set. Raises InQuarantine: administrators begin and end it.

    Raises Project.DoesNotExist.
    """
    with transaction.atomic():
        standing = Project.objects.select_for_update(no_key=True).get(pk=project.pk).status
        if "status" in wanted and Project.Status.QUARANTINED in {standing, wanted["status"]}:
            raise InQuarantine
        return set_options(project, actor, **wanted)


def yank(release: Release, reason: str, actor: Actor) -> bool:
    """Yank a release (PEP 592), or change the reason; True if something changed.

    Installers print the reason on terminals: it is kept as one line of what can be printed.
    """
    reason = " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())
    with transaction.atomic():
        if not _reread(release) or (release.yanked_at is not None and release.yanked_reason == reason):
            return False
        return _set_yanked(release, "yank", actor, yanked_at=release.yanked_at or timezone.now(), yanked_reason=reason)


def unyank(release: Release, actor: Actor) -> bool:
    """Take a yank back; True if there was one."""
    with transaction.atomic():
        if not _reread(release) or release.yanked_at is None:
            return False
        return _set_yanked(release, "unyank", actor, yanked_at=None, yanked_reason="")


def _reread(release: Release) -> bool:
    """Take turns with others who change the project, and look again; False if the release is gone."""
    standing = Release.objects.filter(pk=release.pk).values("yanked_at", "yanked_reason")
    now = standing.first() if release.project.lock() else None
    for name, value in (now or {}).items():
        setattr(release, name, value)
    return now is not None


def _set_yanked(release: Release, what: str, actor: Actor, **columns: Any) -> bool:
    details = {"version": release.version, "reason": columns["yanked_reason"]}
    for name, value in columns.items():
        setattr(release, name, value)
    release.save(update_fields=[*columns])
    summaries.keep(release.project)
    release.project.bump_serial()
    Event.objects.record(f"project:release:{what}", actor, project=release.project, **details)
    return True


def _record(project: Project, changes: dict[str, tuple[Any, Any]], actor: Actor) -> None:
    for name, (before, after) in changes.items():
        Event.objects.record(_tag(name, before, after), actor, project=project, before=before, after=after)
    if "trusted_publishing_only" in changes:
        telling.trusted_publishing_only(project, actor, on=project.trusted_publishing_only)
    if "status" in changes:
        project.bump_serial()  # the index page shows the status marker (PEP 792)


def _tag(name: str, before: Any, after: Any) -> str:
    if name != "status":
        return f"project:{name}:change"
    if after in _STATES:
        return f"project:{_STATES[after]}:enter"
    return f"project:{_STATES[before]}:exit"
