"""What a person looks after: the list of their projects."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from registry import names, versions
from registry.invitations import waiting_for
from registry.manage.access import Place, account_page, person, project_page
from registry.models import File, Project, Release, Role, User
from registry.pages.paging import page_of

SIZE = 25  # of a page of the list
MOST_INVITATIONS = 10


@dataclass(frozen=True)
class Line:
    """A project of the list."""

    project: Project
    role: str
    latest: Release | None
    releases: int
    files: int
    last_upload: datetime.datetime | None


@require_safe
@account_page
def projects(request: HttpRequest) -> HttpResponseBase:
    """Your projects, by name; with ``?q=`` those whose names hold it."""
    user, query = person(request), request.GET.get("q", "").strip()[: names.MAX_NAME_LENGTH]
    page = page_of(_roles(user, query), request, SIZE)
    context = {
        "tab": "manage-projects",
        "asked": query,
        "page": page,
        "invitations": waiting_for(user)[:MOST_INVITATIONS],
        "lines": _described(page.rows),
        "is_long": bool(query) or not page.is_whole,
    }
    return render(request, "manage/projects/list.html", context)


@require_safe
@project_page
def project(_request: HttpRequest, place: Place) -> HttpResponseBase:
    """A project's own address leads to its releases."""
    return redirect("manage-releases", name=place.project.normalized_name)


def _roles(user: User, query: str) -> QuerySet[Role]:
    roles = Role.objects.filter(user=user).select_related("project").order_by("project__normalized_name")
    if not query:
        return roles
    wanted = names.normalize("-".join(query.split()))
    return (
        roles.filter(project__normalized_name__contains=wanted) if names.is_valid(wanted.strip("-")) else roles.none()
    )


def _described(roles: Sequence[Role]) -> list[Line]:
    """The rows of a page with what two queries tell of all of them."""
    keys = [role.project_id for role in roles]
    releases: dict[int, list[Release]] = defaultdict(list)
    for release in Release.objects.filter(project__in=keys).defer("metadata"):
        releases[release.project_id].append(release)
    files = File.objects.filter(release__project__in=keys).order_by().values_list("release__project")
    counted = {pk: (count, last) for pk, count, last in files.annotate(Count("pk"), Max("uploaded_at"))}
    return [_line(role, releases[role.project_id], *counted.get(role.project_id, (0, None))) for role in roles]


def _line(role: Role, releases: list[Release], files: int, last_upload: datetime.datetime | None) -> Line:
    return Line(role.project, role.role, versions.latest(releases), len(releases), files, last_upload)
