"""The simple index: ``/simple/`` and ``/simple/NAME/``."""

from django.db.models import Count, Max, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from registry.index import caching, documents, formats, lookup
from registry.index.rendered import DETAILS
from registry.models import Project
from registry.reading import UNLIMITED, Reader, for_readers


@require_safe
@for_readers
def index(request: HttpRequest, reader: Reader) -> HttpResponseBase:
    """All projects that the reader may see."""
    media_type = formats.wanted(request)
    response = _begin(media_type, _index_etag(media_type) if reader is UNLIMITED else None)
    unchanged = caching.not_modified(request, response)
    if unchanged is not None:
        return unchanged
    projects = Project.objects.only("name", "normalized_name").order_by("normalized_name")
    seen = (project.name for project in projects if reader.may_download(project))
    response.content = documents.INDEX[media_type](documents.index(seen))
    return response


@require_safe
@for_readers
def detail(request: HttpRequest, reader: Reader, name: str) -> HttpResponseBase:
    """The files of one project. Its row is read before its files: an ETag is never newer than what it names."""
    if name != lookup.normal_name(name):
        return _at_normal_name(request, name)
    project = lookup.project_for(reader, name)
    media_type = formats.wanted(request)
    response = _begin(media_type, caching.etag_of(media_type, project.pk, project.serial, project.status))
    unchanged = caching.not_modified(request, response)
    if unchanged is not None:
        return unchanged
    response.content = DETAILS.page((response["ETag"], project.created_at), lambda: _detail(media_type, project))
    return response


@csrf_exempt
@require_safe
def add_slash(request: HttpRequest, name: str = "") -> HttpResponseBase:
    """``/simple`` and ``/simple/NAME``: where they are read. Whatever is sent there is refused as it is there."""
    return _at_normal_name(request, name)


def _detail(media_type: str, project: Project) -> str:
    return documents.DETAIL[media_type](documents.detail(project, lookup.served_files(project)))


def _begin(media_type: str, etag: str | None) -> HttpResponse:
    charset = "" if media_type == formats.V1_JSON else "; charset=utf-8"
    response = caching.begin(media_type + charset, etag)
    caching.varies_with_accept(response)
    return response


def _index_etag(media_type: str) -> str:
    """Projects come with growing keys and their serials only grow: no change leaves all three numbers alone."""
    return caching.etag_of(media_type, *Project.objects.aggregate(Count("pk"), Max("pk"), Sum("serial")).values())


def _at_normal_name(request: HttpRequest, name: str) -> HttpResponseBase:
    """The address of a project's page, or without a name of the index."""
    query = request.META.get("QUERY_STRING", "")
    target = f"/simple/{lookup.normal_name(name)}/" if name else "/simple/"
    return HttpResponsePermanentRedirect(f"{target}?{query}" if query else target)
