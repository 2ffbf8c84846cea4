"""``GET /integrity/NAME/VERSION/FILENAME/provenance``: the attestations of a file (PEP 740), as PyPI serves them.

PyPI's words: docs/user/api/integrity.md of pypi/warehouse.
"""

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.views.decorators.http import require_safe

from registry import versions
from registry.index import caching, documents, lookup
from registry.models import File
from registry.negotiation import preferred
from registry.reading import Reader, for_readers
from tokens.models import Attested

INTEGRITY = "application/vnd.pypi.integrity.v1+json"
JSON = "application/json"


@require_safe
@for_readers
def provenance(request: HttpRequest, reader: Reader, name: str, version: str, filename: str) -> HttpResponseBase:
    """The provenance document of a file that the reader may download."""
    media_type = preferred(request.headers.get("Accept", ""), (INTEGRITY, JSON))
    if media_type is None:
        return _refusal(406, "Request not acceptable")
    try:
        normal = lookup.normal_name(name)
        if name != normal:
            target = f"/integrity/{normal}/{quote(version)}/{quote(filename)}/provenance"
            return HttpResponsePermanentRedirect(target)
        return _answer(request, media_type, _file(reader, name, version, filename))
    except Http404:
        return _refusal(404, f"No provenance available for {filename}")


def _file(reader: Reader, name: str, version: str, filename: str) -> File:
    """A file with attestations, by any spelling of its version. Raises Http404."""
    project = lookup.project_for(reader, name)
    # What no file is called PostgreSQL might not even look for.
    named = filename if filename.isascii() and filename.isprintable() else ""
    file = lookup.served_files(project).filter(filename=named).first()
    if file is None or not file.attested or versions.find([file.release], version) is None:
        raise Http404
    return file


def _answer(request: HttpRequest, media_type: str, file: File) -> HttpResponseBase:
    response = caching.begin(media_type, caching.etag_of("integrity", media_type, file.pk, file.sha256))
    caching.varies_with_accept(response)
    unchanged = caching.not_modified(request, response)
    if unchanged is not None:
        return unchanged
    attested = Attested.objects.filter(provenance__file=file).first()
    if attested is None:  # the file was deleted a moment ago
        raise Http404
    response.content = documents.as_json(attested.document)
    return response


def _refusal(status: int, message: str) -> HttpResponse:
    response = caching.begin(JSON, None)
    caching.varies_with_accept(response)
    response.status_code = status
    response.content = documents.as_json({"message": message})
    return response
