"""What a project says of itself in a line: its latest release's summary, beside its name where searches look."""

from collections.abc import Iterable

from django.db.models.fields.json import KT

from registry import versions
from registry.models import Project, Release


def keep(project: Project) -> None:
    """Take over the summary of the release that is the latest now. Part of every change of which one that is."""
    latest = versions.latest(project.releases.only("version", "yanked_at", "project"))
    said = of_releases([latest.pk])[latest.pk] if latest else ""
    Project.objects.filter(pk=project.pk).update(summary=said)
    project.summary = said


def of_releases(keys: Iterable[int]) -> dict[int, str]:
    """The summaries of releases, without the long texts that lie beside them."""
    rows = Release.objects.filter(pk__in=list(keys)).values_list("pk", KT("metadata__summary"))
    longest: int = Project._meta.get_field("summary").max_length or 0
    return {pk: (summary or "")[:longest] for pk, summary in rows}
