"""The simple index as documents (PEP 691's JSON), and the same documents as HTML (PEP 503)."""

import datetime
import json
from collections.abc import Callable, Iterable
from html import escape
from typing import Any
from urllib.parse import quote

from django.conf import settings

from registry import versions
from registry.index import formats
from registry.models import File, Project, Release
from registry.names import normalize

# 1.1: versions, size, upload-time (PEP 700); 1.2 adds keys that are optional; 1.3: provenance (PEP 740); 1.4: status
# markers (PEP 792).
API_VERSION = "1.4"

Document = dict[str, Any]


def index(names: Iterable[str]) -> Document:
    """All projects."""
    return {"meta": {"api-version": API_VERSION}, "projects": [{"name": name} for name in names]}


def detail(project: Project, files: Iterable[File]) -> Document:
    """One project with its files, which come with their releases."""
    listed = list(files)
    return {
        "meta": {"api-version": API_VERSION, "_last-serial": project.serial},
        "name": project.normalized_name,
        "project-status": {"status": project.status},
        "versions": sorted({file.release.version for file in listed}, key=versions.key),
        "files": [_file(file, project.normalized_name) for file in listed],
    }


def file_url(file: File) -> str:
    """The public address of a file."""
    return f"{settings.SITE_URL}/files/{quote(file.path)}"


def provenance_path(file: File, normalized_name: str) -> str | None:
    """Where the provenance document of a project's file is read (PEP 740); None if it has none."""
    if not file.attested:
        return None
    return f"/integrity/{normalized_name}/{quote(file.release.version)}/{file.filename}/provenance"


def provenance_url(file: File, normalized_name: str) -> str | None:
    """The same as a public address."""
    path = provenance_path(file, normalized_name)
    return path and f"{settings.SITE_URL}{path}"


def timestamp(moment: datetime.datetime) -> str:
    """UTC as PEP 700 and PyPI write it: 2026-01-31T12:00:00.000000Z."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def yanked(release: Release) -> bool | str:
    """False, or the reason, or True when none was given (PEP 592 and 691)."""
    if release.yanked_at is None:
        return False
    return release.yanked_reason or True


def core_metadata(file: File) -> bool | dict[str, str]:
    """The hash of the metadata that lies beside the file (PEP 714); False if there is none."""
    return {"sha256": file.metadata_sha256} if file.metadata_sha256 else False


def _file(file: File, normalized_name: str) -> Document:
    metadata = core_metadata(file)
    described: Document = {
        "filename": file.filename,
        "url": file_url(file),
        "hashes": {"sha256": file.sha256},
        "size": file.size,
        "upload-time": timestamp(file.uploaded_at),
        "yanked": yanked(file.release),
        # PEP 714: the new name, and the old one for clients that know no other.
        "core-metadata": metadata,
        "data-dist-info-metadata": metadata,
        "provenance": provenance_url(file, normalized_name),
    }
    if file.requires_python:
        described["requires-python"] = file.requires_python
    return described


def as_json(document: Document) -> str:
    """PEP 691."""
    return json.dumps(document, separators=(",", ":"))


def index_as_html(document: Document) -> str:
    """PEP 503."""
    named = (project["name"] for project in document["projects"])
    return _page("Simple index", "", "", (_link(f"/simple/{normalize(name)}/", name, "") for name in named))


def detail_as_html(document: Document) -> str:
    """PEP 503, with the attributes of PEP 592, 658, 714, 740 and 792."""
    status = _meta("project-status", document["project-status"]["status"])
    title = f"Links for {escape(document['name'])}"
    return _page(title, status, f"<h1>{title}</h1>\n", (_file_link(file) for file in document["files"]))


def _file_link(file: Document) -> str:
    attributes = ""
    if "requires-python" in file:
        attributes += _attribute("data-requires-python", file["requires-python"])
    if file["yanked"]:
        attributes += _attribute("data-yanked", "" if file["yanked"] is True else file["yanked"])
    if file["core-metadata"]:
        digest = f"sha256={file['core-metadata']['sha256']}"
        attributes += _attribute("data-dist-info-metadata", digest) + _attribute("data-core-metadata", digest)
    if file["provenance"]:
        attributes += _attribute("data-provenance", file["provenance"])
    return _link(f"{file['url']}#sha256={file['hashes']['sha256']}", file["filename"], attributes)


def _page(title: str, metas: str, heading: str, links: Iterable[str]) -> str:
    head = f'<meta charset="utf-8">\n{_meta("repository-version", API_VERSION)}{metas}<title>{title}</title>\n'
    body = f"{heading}{''.join(links)}"
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}</head>\n<body>\n{body}</body>\n</html>\n'


def _meta(name: str, content: str) -> str:
    return f'<meta name="pypi:{name}" content="{escape(content)}">\n'


def _link(address: str, text: str, attributes: str) -> str:
    return f'<a href="{escape(address)}"{attributes}>{escape(text)}</a><br>\n'


def _attribute(name: str, value: str) -> str:
    return f' {name}="{escape(value)}"'


Render = Callable[[Document], str]
INDEX: dict[str, Render] = {
    formats.HTML: index_as_html,
    formats.V1_HTML: index_as_html,
    formats.V1_JSON: as_json,
}
DETAIL: dict[str, Render] = {
    formats.HTML: detail_as_html,
    formats.V1_HTML: detail_as_html,
    formats.V1_JSON: as_json,
}
