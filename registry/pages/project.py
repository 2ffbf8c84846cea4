"""A project's page: one of its releases, with its files and where they came from."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from registry import versions
from registry.descriptions import kept
from registry.index import lookup
from registry.models import Project, Release, Role
from registry.pages import files, metadata
from registry.pages.paging import page_of
from registry.reading import Reader, page_for_readers

# Of each list so many; of a page of releases the older ones are folded away.
RELEASES, UNFOLDED_RELEASES = 20, 12
# Of files so many on a page, and so many if all came by one run; fewer where each has one more address to be told.
FILES, FILES_OF_ONE_RUN = 6, 15
ATTESTED, ATTESTED_OF_ONE_RUN = 5, 11
PEOPLE = 12


@require_safe
@page_for_readers
@cache_control(private=True, no_cache=True)
def project(request: HttpRequest, reader: Reader, name: str) -> HttpResponseBase:
    """The latest release."""
    return _page(request, reader, name, None)


@require_safe
@page_for_readers
@cache_control(private=True, no_cache=True)
def release(request: HttpRequest, reader: Reader, name: str, version: str) -> HttpResponseBase:
    """One release, by any spelling of its version."""
    return _page(request, reader, name, version)


def _page(request: HttpRequest, reader: Reader, name: str, version: str | None) -> HttpResponseBase:
    normal = lookup.normal_name(name)
    if name != normal:
        below = "" if version is None else f"{quote(version)}/"
        return HttpResponsePermanentRedirect(f"/project/{normal}/{below}")
    project = lookup.project_for(reader, name)
    return render(request, "project.html", _context(request, project, version))


def _context(request: HttpRequest, project: Project, version: str | None) -> dict[str, Any]:
    releases = list(project.releases.defer("metadata").annotate(file_count=Count("files")))
    releases.sort(key=lambda release: versions.key(release.version), reverse=True)
    latest = versions.latest(releases)
    chosen = latest if version is None else versions.find(releases, version)
    if version is not None and chosen is None:
        raise Http404(f"{project.name} has no release {version}.")
    people = list(project.roles.select_related("user").order_by("-role", "user__username"))
    page = page_of(releases, request, RELEASES)
    return {
        "project": project,
        "people": people[:PEOPLE],
        "more_people": len(people[PEOPLE:]),
        "manage_url": _manage_url(project, people, request),
        "page": page,
        "newer": page.rows[:UNFOLDED_RELEASES],
        "older": page.rows[UNFOLDED_RELEASES:],
        "latest": latest,
        "is_older": latest is not None
        and chosen is not None
        and versions.key(chosen.version) < versions.key(latest.version),
        "release": chosen,
        **(_of_release(request, project, chosen) if chosen is not None else {}),
    }


def _of_release(request: HttpRequest, project: Project, release: Release) -> dict[str, Any]:
    served = files.files_of(project, release)
    own = [f"{settings.SITE_URL}{project.get_absolute_url()}", *files.addresses_of(served)]
    few, many = (ATTESTED, ATTESTED_OF_ONE_RUN) if any(file.attested for file in served) else (FILES, FILES_OF_ONE_RUN)
    page = page_of(served, request, few if len(files.groups_of(project, served)) > 1 else many, "files")
    return {
        "files": page,
        "groups": files.groups_of(project, page.rows),
        "icons": files.icons_of(page.rows),
        "details": metadata.details(release.metadata, own),
        "description": kept.text_of(release),
        "description_html": kept.html_of(release),
    }


def _manage_url(project: Project, people: list[Role], request: HttpRequest) -> str:
    """Where those look after the project who have a role in it; empty for others."""
    if all(role.user_id != request.user.pk for role in people):
        return ""
    return reverse("manage-releases", kwargs={"name": project.normalized_name})
