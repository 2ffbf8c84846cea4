"""PyPI's JSON API: ``/pypi/NAME/json`` and ``/pypi/NAME/VERSION/json``, as far as this registry knows.

Its keys: docs/user/api/json.md of pypi/warehouse. What is deprecated there has the value that it always has there,
since programs read it; ``ownership`` is left out, for which the cached answers would have to change with the roles.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry import versions
from registry.index import caching, documents, lookup
from registry.models import File, Project, Release
from registry.reading import Reader, for_readers

# Keys of PyPI that are texts or lists in the core metadata; null where a release has none.
_TEXTS = (
    "author",
    "author_email",
    "description",
    "description_content_type",
    "download_url",
    "home_page",
    "license",
    "license_expression",
    "maintainer",
    "maintainer_email",
    "requires_python",
    "summary",
)
_LISTS = ("classifiers", "dynamic", "license_files", "provides_extra", "requires_dist")


@require_safe
@for_readers
def project(request: HttpRequest, reader: Reader, name: str) -> HttpResponseBase:
    """The latest release in words, and the files of all releases."""
    return _answer(request, reader, name, None)


@require_safe
@for_readers
def release(request: HttpRequest, reader: Reader, name: str, version: str) -> HttpResponseBase:
    """One release, any spelling of its version, with its files."""
    return _answer(request, reader, name, version)


def _answer(request: HttpRequest, reader: Reader, name: str, version: str | None) -> HttpResponseBase:
    normal = lookup.normal_name(name)
    if name != normal:
        middle = "" if version is None else f"{quote(version)}/"
        return HttpResponsePermanentRedirect(f"/pypi/{normal}/{middle}json")
    project = lookup.project_for(reader, name)
    etag = caching.etag_of("pypi", version, project.pk, project.serial, project.status, project.name)
    response = caching.begin("application/json", etag)
    unchanged = caching.not_modified(request, response)
    if unchanged is not None:
        return unchanged
    response.content = documents.as_json(_document(project, version))
    return response


def _document(project: Project, version: str | None) -> dict[str, Any]:
    releases = list(project.releases.defer("metadata"))
    chosen = versions.latest(releases) if version is None else versions.find(releases, version)
    if chosen is None:
        raise Http404(f"{project.name} has no such release.")
    files = _files_by_version(project)
    document = {
        "info": _info(project, chosen),
        "last_serial": project.serial,
        "urls": files.get(chosen.version, []),
        # This registry keeps no advisories.
        "vulnerabilities": [],
    }
    if version is None:
        document["releases"] = {one.version: files.get(one.version, []) for one in releases}
    return document


def _files_by_version(project: Project) -> Mapping[str, list[dict[str, Any]]]:
    files: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in lookup.served_files(project):
        files[file.release.version].append(_file(file))
    return files


def _info(project: Project, release: Release) -> dict[str, Any]:
    metadata = release.metadata
    page = f"{settings.SITE_URL}{project.get_absolute_url()}"
    release_page = reverse("release", args=[project.normalized_name, release.version])
    return {
        **{key: metadata.get(key) for key in _TEXTS},
        **{key: metadata.get(key) or None for key in _LISTS},
        "bugtrack_url": None,
        "classifiers": metadata.get("classifiers") or [],
        "docs_url": None,
        "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
        "keywords": ",".join(metadata.get("keywords") or []) or None,
        "name": project.name,
        "package_url": page,
        "platform": ",".join(metadata.get("platforms") or []) or None,
        "project_url": page,
        "project_urls": metadata.get("project_urls") or None,
        "release_url": f"{settings.SITE_URL}{release_page}",
        "version": release.version,
        **_yanked(release),
    }


def _file(file: File) -> dict[str, Any]:
    return {
        "comment_text": file.comment,
        "core-metadata": documents.core_metadata(file),
        "digests": {
            "blake2b_256": file.blake2_256,
            # Left out where it is not known: who goes through the digests can use all of them.
            **({"md5": file.md5} if file.md5 else {}),
            "sha256": file.sha256,
        },
        "downloads": -1,
        "filename": file.filename,
        "has_sig": False,
        "md5_digest": file.md5 or None,
        "packagetype": file.packagetype,
        "python_version": file.python_version or "source",
        "requires_python": file.requires_python or None,
        "size": file.size,
        "upload_time": documents.timestamp(file.uploaded_at)[:19],
        "upload_time_iso_8601": documents.timestamp(file.uploaded_at),
        "url": documents.file_url(file),
        **_yanked(file.release),
    }


def _yanked(release: Release) -> dict[str, Any]:
    return {"yanked": release.yanked_at is not None, "yanked_reason": release.yanked_reason or None}
