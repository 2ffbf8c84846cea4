"""The front page: what this registry is, what is in it, how to point tools at it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from registry import names, versions
from registry.models import File, Project, Release
from registry.pages.paging import page_of
from registry.pages.searching import matching
from registry.reading import Reader, page_for_readers

# How many of the newest files are looked at for the newest releases: one may come with many wheels.
NEWEST_FILES = 100
NEWEST_RELEASES = 8
FOUND = 25


@dataclass(frozen=True)
class Found:
    """A project of a search, with the release that stands for it, if it has one."""

    project: Project
    release: Release | None


@require_safe
@page_for_readers
@cache_control(private=True, no_cache=True)
def front(request: HttpRequest, reader: Reader) -> HttpResponseBase:
    """The newest releases; with ``?q=`` the projects that it finds."""
    query = request.GET.get("q", "").strip()[: names.MAX_NAME_LENGTH]
    if not query:
        return render(request, "front.html", {"newest": _newest(reader)})
    page = page_of(matching(query), request, FOUND)
    found = _described([project for project in page.rows if reader.may_download(project)])
    return render(request, "search.html", {"query": query, "found": found, "page": page})


@csrf_exempt
@require_safe
def favicon(_request: HttpRequest) -> HttpResponseBase:
    """The mark, where browsers look for it on pages that name none (the simple index, the admin)."""
    return redirect(static("gatehouse.svg"))


def _newest(reader: Reader) -> list[Found]:
    """The projects of the newest files, by the files' keys: cheap, however many files there are."""
    files = File.objects.order_by("-pk").select_related("release__project").defer("release__metadata")
    served = files.exclude(release__project__status=Project.Status.QUARANTINED)[:NEWEST_FILES]
    releases: dict[int, Release] = {}
    for file in served:
        if len(releases) < NEWEST_RELEASES and reader.may_download(file.release.project):
            releases.setdefault(file.release.project_id, file.release)
    return [Found(release.project, release) for release in releases.values()]


def _described(projects: Collection[Project]) -> list[Found]:
    releases: dict[int, list[Release]] = defaultdict(list)
    for release in Release.objects.filter(project__in=projects).defer("metadata"):
        releases[release.project_id].append(release)
    latest = {project.pk: versions.latest(releases[project.pk]) for project in projects}
    return [Found(project, latest[project.pk]) for project in projects]
