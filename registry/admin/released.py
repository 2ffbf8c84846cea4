"""Releases and files: uploads make them; here they are yanked and deleted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from registry.actors import Actor
from registry.admin.base import AnyForm, DeletesOneByOne, TabularInline, pretty
from registry.deletion import delete_file, delete_release
from registry.models import File, Release
from registry.options import unyank, yank


class ReleaseForm(AnyForm):
    """Whether a release is yanked (PEP 592)."""

    yanked = forms.BooleanField(required=False, help_text="Installers pass it over unless it is asked for exactly.")

    class Meta:
        model = Release
        fields = ("yanked_reason",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["yanked"] = self.instance.yanked_at is not None


class FileInline(TabularInline):
    """The files of a release."""

    model = File
    fields = readonly_fields = ("filename", "packagetype", "size", "sha256", "uploaded_at")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Uploads add files."""
        return False


@admin.register(Release)
class ReleaseAdmin(DeletesOneByOne):
    """A version of a project."""

    form = ReleaseForm
    list_display = ("version", "project", "created_at", "is_yanked")
    list_filter = ("created_at", ("yanked_at", admin.EmptyFieldListFilter))
    list_select_related = ("project",)
    search_fields = ("project__normalized_name", "version")
    fields = ("project", "version", "created_at", "yanked", "yanked_reason", "yanked_at", "metadata_shown")
    readonly_fields = ("project", "version", "created_at", "yanked_at", "metadata_shown")
    inlines = (FileInline,)
    actions = ("yank_selected", "unyank_selected")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Uploads add releases."""
        return False

    def save_model(self, request: HttpRequest, obj: Release, form: Any, change: bool) -> None:  # noqa: FBT001
        """Yank it, or take that back."""
        release = Release.objects.select_related("project").get(pk=obj.pk)
        if form.cleaned_data["yanked"]:
            yank(release, form.cleaned_data["yanked_reason"], Actor.of(request))
        else:
            unyank(release, Actor.of(request))

    def delete_model(self, request: HttpRequest, obj: Release) -> None:
        """Delete a release with its files."""
        delete_release(obj, Actor.of(request))

    @admin.action(description="Yank selected releases", permissions=["change"])
    def yank_selected(self, request: HttpRequest, queryset: QuerySet[Release]) -> None:
        """Yank, without a reason."""
        for release in queryset.select_related("project"):
            yank(release, release.yanked_reason, Actor.of(request))

    @admin.action(description="Take back the yank of selected releases", permissions=["change"])
    def unyank_selected(self, request: HttpRequest, queryset: QuerySet[Release]) -> None:
        """Offer them again."""
        for release in queryset.select_related("project"):
            unyank(release, Actor.of(request))

    @admin.display(description="yanked", boolean=True)
    def is_yanked(self, release: Release) -> bool:
        """Whether it is yanked."""
        return release.yanked_at is not None

    @admin.display(description="metadata")
    def metadata_shown(self, release: Release) -> SafeString:
        """Core metadata."""
        return pretty(release.metadata)


@admin.register(File)
class FileAdmin(DeletesOneByOne):
    """A file. It can be deleted; its name never returns."""

    list_display = ("filename", "project", "packagetype", "size", "uploaded_at")
    list_filter = ("packagetype", "uploaded_at")
    search_fields = ("filename", "=sha256")
    fields = (
        "project",
        "release",
        "filename",
        "packagetype",
        "python_version",
        "comment",
        "requires_python",
        "size",
        "sha256",
        "blake2_256",
        "metadata_sha256",
        "uploaded_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[File]:
        """With release and project, but without core metadata, which may be long."""
        files = super().get_queryset(request).select_related("release__project")
        return files.defer("release__metadata")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Uploads add files."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A file never changes."""
        return False

    def delete_model(self, request: HttpRequest, obj: File) -> None:
        """Delete a file and its bytes."""
        delete_file(obj, Actor.of(request))

    @admin.display(ordering="release__project__normalized_name")
    def project(self, file: File) -> str:
        """Whose it is."""
        return file.release.project.name
