"""``/files/…``: the bytes, which never change under their address."""

import logging
from collections.abc import Mapping

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from registry.index import caching, ranges
from registry.models import File, Project
from registry.pages import errors
from registry.reading import Reader, cache_visibility, for_readers
from registry.storage import Window, contents

logger = logging.getLogger(__name__)

METADATA = ".metadata"
CHUNK = 64 * 1024
YEAR = 365 * 24 * 60 * 60


@require_safe
@for_readers
def download(request: HttpRequest, reader: Reader, digest: str, filename: str) -> HttpResponseBase:
    """A file, or a wheel's METADATA beside it (PEP 658), whole or a range of it.

    What lies in the storage is opened by the row's path, never by the address.
    """
    file = _file(reader, digest.replace("/", ""), filename.removesuffix(METADATA))
    if filename == file.filename:
        return _serve(request, file, file.path, file.sha256, "application/octet-stream")
    if not file.metadata_sha256:
        raise Http404(f"{file.filename} has no metadata beside it.")
    return _serve(request, file, file.path + METADATA, file.metadata_sha256, "text/plain; charset=utf-8")


def _file(reader: Reader, sha256: str, filename: str) -> File:
    file = (
        File.objects.filter(sha256=sha256, filename=filename)
        .exclude(release__project__status=Project.Status.QUARANTINED)
        .select_related("release__project")
        .defer("release__metadata")
        .first()
    )
    if file is None or not reader.may_download(file.release.project):
        raise Http404("There is no such file.")
    return file


def _serve(request: HttpRequest, file: File, path: str, sha256: str, content_type: str) -> HttpResponseBase:
    modified = int(file.uploaded_at.timestamp())
    headers = _headers(content_type, etag=f'"{sha256}"', modified=modified)
    response = get_conditional_response(
        request, etag=headers["ETag"], last_modified=modified, response=HttpResponse(headers=headers)
    )
    if response is not None and response.status_code != 200:
        caching.allow_any_origin(response)
        return response
    try:
        return _body(request, path, headers)
    except FileNotFoundError:
        logger.error("The storage has lost %s", path)
        raise Http404("There is no such file.") from None
    except OSError as failed:
        logger.error("The storage does not give %s: %s", path, failed)
        return errors.unavailable(request, "The registry cannot reach its files now. Try again.")


def _headers(content_type: str, etag: str, modified: int) -> dict[str, str]:
    headers = {
        "Content-Type": content_type,
        "ETag": etag,
        "Last-Modified": http_date(modified),
        "Cache-Control": f"{cache_visibility()}, max-age={YEAR}, immutable",
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
    }
    if settings.ANONYMOUS_READ:
        headers["Access-Control-Allow-Origin"] = "*"
    return headers


def _body(request: HttpRequest, path: str, headers: dict[str, str]) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse(headers={**headers, "Content-Length": str(contents.size(path))})
    if _asks_for_a_part(request, headers):
        size = contents.size(path)
        try:
            asked = ranges.read(request.headers["Range"], size)
        except ranges.Unsatisfiable:
            return HttpResponse(status=416, headers=_of_nothing(headers, size))
        if asked is not None:
            headers["Content-Range"] = f"bytes {asked[0]}-{asked[1]}/{size}"
            return _streamed(contents.window(path, *asked), 206, headers)
    return _streamed(contents.window(path), 200, headers)


def _asks_for_a_part(request: HttpRequest, headers: Mapping[str, str]) -> bool:
    """Whether there is a range, unless it is one of another version of the file (If-Range)."""
    condition = request.headers.get("If-Range")
    return "Range" in request.headers and condition in {None, headers["ETag"], headers["Last-Modified"]}


def _of_nothing(headers: dict[str, str], size: int) -> dict[str, str]:
    kept = {name: headers[name] for name in ("Accept-Ranges", "ETag", "X-Content-Type-Options")}
    return {**kept, "Content-Range": f"bytes */{size}", "Cache-Control": "no-store"}


def _streamed(window: Window, status: int, headers: dict[str, str]) -> FileResponse:
    headers["Content-Length"] = str(window.size)
    # FileResponse guesses a type unless it is told one by this argument.
    response = FileResponse(window, status=status, content_type=headers.pop("Content-Type"), headers=headers)
    response.block_size = CHUNK
    return response
