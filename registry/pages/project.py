"""A project's page: its releases, and the files of one of them with where they came from."""

from typing import Any
from urllib.parse import quote, urlsplit

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from registry import versions
from registry.index import documents, lookup
from registry.models import File, Project, Release
from registry.reading import Reader, page_for_readers

# Older releases are folded away behind the newest ones.
UNFOLDED_RELEASES = 12


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
    return render(request, "project.html", _context(project, version))


def _context(project: Project, version: str | None) -> dict[str, Any]:
    releases = list(project.releases.defer("metadata").annotate(file_count=Count("files")))
    releases.sort(key=lambda release: versions.key(release.version), reverse=True)
    latest = versions.latest(releases)
    chosen = latest if version is None else versions.find(releases, version)
    if version is not None and chosen is None:
        raise Http404(f"{project.name} has no release {version}.")
    return {
        "project": project,
        "people": project.roles.select_related("user").order_by("-role", "user__username"),
        "newer": releases[:UNFOLDED_RELEASES],
        "older": releases[UNFOLDED_RELEASES:],
        "latest": latest,
        "release": chosen,
        "files": _files(project, chosen),
        "links": _links(chosen),
        "description": _description(chosen),
    }


def _files(project: Project, release: Release | None) -> list[tuple[File, str]]:
    """The release's files with their addresses.

    What the floors above keep beside a file, one row each, comes with it, so that the template can show it.
    """
    if release is None:
        return []
    beside = [relation.name for relation in File._meta.related_objects if relation.one_to_one]
    files = lookup.served_files(project).filter(release=release).select_related("release", *beside)
    return [(file, documents.file_url(file)) for file in files]


def _links(release: Release | None) -> list[tuple[str, str]]:
    """The addresses that the metadata names, as pairs (label, address); only those that are safe to follow."""
    if release is None:
        return []
    named = dict(release.metadata.get("project_urls") or {})
    for label, key in (("Home page", "home_page"), ("Download", "download_url")):
        if release.metadata.get(key):
            named.setdefault(label, release.metadata[key])
    return [(label, url) for label, url in named.items() if _is_web_address(url)]


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def _description(release: Release | None) -> str:
    return str(release.metadata.get("description") or "").strip() if release else ""
