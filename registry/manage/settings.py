"""What owners set of a project, and its end."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from registry.actors import Actor
from registry.deletion import delete_project
from registry.manage.access import Place, changing, owners_page
from registry.manage.confirming import TypedName
from registry.manage.releases import IN_QUARANTINE
from registry.models import File, Project
from registry.options import InQuarantine, set_as_owner

STATUSES = [
    (Project.Status.ACTIVE, "Active. It takes new files."),
    (Project.Status.ARCHIVED, "Archived. It takes no new files; what stands stays and is served."),
    (
        Project.Status.DEPRECATED,
        "Deprecated. It takes new files, and says that people should look for another project.",
    ),
]


class SettingsForm(forms.Form):
    """The options that are an owner's to set. Quarantine is for administrators."""

    trusted_publishing_only = forms.BooleanField(
        required=False,
        label="Trusted publishing only",
        help_text="Only CI jobs that this project trusts upload to it. API tokens are refused, whoever they belong to.",
    )
    status = forms.ChoiceField(
        choices=STATUSES,
        widget=forms.RadioSelect,
        help_text="Everybody sees it on the project's page, and installers in the index (PEP 792).",
    )

    def __init__(self, data: Any, project: Project) -> None:
        standing = {name: getattr(project, name) for name in ("trusted_publishing_only", "status")}
        super().__init__(data, initial=standing)
        if project.status == Project.Status.QUARANTINED:
            del self.fields["status"]


@owners_page
@changing
def settings(request: HttpRequest, place: Place) -> HttpResponseBase:
    """The project's options."""
    form = SettingsForm(request.POST if request.method == "POST" else None, place.project)
    if form.is_valid() and _is_saved(form, place.project, Actor.of(request)):
        messages.success(request, "The settings are saved.")
        return redirect("manage-settings", name=place.project.normalized_name)
    return render(request, "manage/settings/settings.html", {"place": place, "tab": "manage-settings", "form": form})


@owners_page
@changing
def remove_project(request: HttpRequest, place: Place) -> HttpResponseBase:
    """Delete a project with all that is in it, for good."""
    project = place.project
    if project.status == Project.Status.QUARANTINED:
        raise PermissionDenied(IN_QUARANTINE)
    form = TypedName(request.POST if request.method == "POST" else None, what="project's name", name=project.name)
    if form.is_valid():
        name = project.name
        if delete_project(project, Actor.of(request)):
            messages.success(request, f"{name} is deleted.")
        return redirect("manage-projects")
    back = reverse("manage-settings", kwargs={"name": project.normalized_name})
    context = {"place": place, "form": form, "back": back, "action": "Delete project", **_numbers(project)}
    return render(request, "manage/settings/delete_project.html", context)


def _is_saved(form: SettingsForm, project: Project, actor: Actor) -> bool:
    try:
        set_as_owner(project, actor, **form.cleaned_data)
    except InQuarantine as refused:
        form.add_error(None, str(refused))
        return False
    except Project.DoesNotExist:
        raise Http404(f"{project.name} was deleted meanwhile.") from None
    return True


def _numbers(project: Project) -> dict[str, Any]:
    """How much goes with a project; the floors above keep their publishers under this name, if they do."""
    publishers = getattr(project, "publishers", None)
    files = File.objects.filter(release__project=project).aggregate(files=Count("pk"), size=Sum("size"))
    return {
        "releases": project.releases.count(),
        "people": project.roles.count(),
        "publishers": publishers.count() if publishers is not None else 0,
        **files,
    }
