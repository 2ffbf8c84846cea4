"""The releases of a project and their files: seen by everybody with a role, yanked and deleted by owners."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Sum
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from registry import versions
from registry.actors import Actor
from registry.deletion import delete_file, delete_release
from registry.index import documents
from registry.manage.access import Place, changing, owners_page, project_page
from registry.manage.confirming import TypedName
from registry.models import File, Project, Release
from registry.options import unyank, yank
from registry.pages.files import icons_of
from registry.pages.paging import page_of

SIZE = 25  # of a page of the list
FILES = 8  # of a page of a release
BELOW = "files/"  # the addresses of a release's files, seen from its own
IN_QUARANTINE = "This project is in quarantine. Nothing of it changes until an administrator has looked at it."


class YankForm(forms.Form):
    """Why a release should not be used any more."""

    reason = forms.CharField(
        required=False,
        max_length=500,
        help_text="One sentence that installers show to whoever asks for this version, and that everybody can read.",
    )


@require_safe
@project_page
def releases(request: HttpRequest, place: Place) -> HttpResponseBase:
    """The releases, the highest version first."""
    counted = {"file_count": Count("files"), "size": Sum("files__size"), "last_upload": Max("files__uploaded_at")}
    standing: list[Any] = list(place.project.releases.defer("metadata").annotate(**counted))
    standing.sort(key=lambda release: versions.key(release.version), reverse=True)
    context = {
        "place": place,
        "tab": "manage-releases",
        "page": page_of(standing, request, SIZE),
        "latest": versions.latest(standing),
        "count": len(standing),
        "files": sum(release.file_count for release in standing),
        "size": sum(release.size or 0 for release in standing),
    }
    return render(request, "manage/releases/list.html", context)


@require_safe
@project_page
def release(request: HttpRequest, place: Place, version: str) -> HttpResponseBase:
    """One release with its files."""
    chosen = _release(place.project, version)
    beside = [relation.name for relation in File._meta.related_objects if relation.one_to_one]
    page = page_of(chosen.files.select_related(*beside), request, FILES)
    context = {
        "place": place,
        "tab": "manage-releases",
        "release": chosen,
        "page": page,
        "below": BELOW,
        "icons": icons_of(page.rows),
        "files": [(file, documents.file_url(file)) for file in page.rows],
        **chosen.files.aggregate(count=Count("pk"), size=Sum("size")),
        "is_open": place.is_owner and place.project.status != Project.Status.QUARANTINED,
    }
    return render(request, "manage/releases/release.html", context)


@owners_page
@changing
def yank_release(request: HttpRequest, place: Place, version: str) -> HttpResponseBase:
    """Yank a release (PEP 592), or change the reason."""
    chosen = _changeable(place, version)
    form = YankForm(request.POST if request.method == "POST" else None, initial={"reason": chosen.yanked_reason})
    if form.is_valid():
        if yank(chosen, form.cleaned_data["reason"], Actor.of(request)):
            messages.success(request, f"{chosen.version} is yanked. Installers pass it over from now on.")
        return _back(chosen)
    context = {"place": place, "release": chosen, "form": form, "back": _address(chosen), "action": "Yank release"}
    return render(request, "manage/releases/yank.html", context)


@owners_page
@changing
def unyank_release(request: HttpRequest, place: Place, version: str) -> HttpResponseBase:
    """Take a yank back."""
    chosen = _changeable(place, version)
    if request.method == "POST" and unyank(chosen, Actor.of(request)):
        messages.success(request, f"{chosen.version} is no longer yanked.")
    return _back(chosen)


@owners_page
@changing
def remove_release(request: HttpRequest, place: Place, version: str) -> HttpResponseBase:
    """Delete a release with its files, for good."""
    chosen = _changeable(place, version)
    form = TypedName(request.POST if request.method == "POST" else None, what="version", name=chosen.version)
    if form.is_valid():
        if delete_release(chosen, Actor.of(request)):
            messages.success(request, f"{chosen.version} is deleted with its files.")
        return redirect("manage-releases", name=place.project.normalized_name)
    numbers = chosen.files.aggregate(count=Count("pk"), size=Sum("size"))
    context = {"place": place, "release": chosen, "form": form, **numbers, "back": _address(chosen)}
    return render(request, "manage/releases/delete_release.html", {**context, "action": "Delete release"})


@owners_page
@changing
def remove_file(request: HttpRequest, place: Place, version: str, filename: str) -> HttpResponseBase:
    """Delete one file, for good."""
    chosen = _changeable(place, version)
    file = next((file for file in chosen.files.all() if file.filename == filename), None)
    if file is None:
        raise Http404(f"{chosen.version} has no file of this name.")
    form = TypedName(request.POST if request.method == "POST" else None, what="file name", name=file.filename)
    if form.is_valid():
        if delete_file(file, Actor.of(request)):
            messages.success(request, f"{file.filename} is deleted.")
        return _back(chosen)
    context = {"place": place, "release": chosen, "file": file, "form": form, "back": _address(chosen)}
    return render(request, "manage/releases/delete_file.html", {**context, "action": "Delete file"})


def _release(project: Project, version: str) -> Release:
    """A release by any spelling of its version; compared here, for a database refuses some texts."""
    chosen = versions.find(project.releases.defer("metadata"), version)
    if chosen is None:
        raise Http404(f"{project.name} has no release {version[:200]}.")
    chosen.project = project
    return chosen


def _changeable(place: Place, version: str) -> Release:
    if place.project.status == Project.Status.QUARANTINED:
        raise PermissionDenied(IN_QUARANTINE)
    return _release(place.project, version)


def _address(release: Release) -> str:
    arguments: dict[str, Any] = {"name": release.project.normalized_name, "version": release.version}
    return reverse("manage-release", kwargs=arguments)


def _back(release: Release) -> HttpResponseBase:
    return redirect(_address(release))
