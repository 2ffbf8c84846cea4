"""Projects and roles."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from registry.actors import Actor
from registry.admin.base import AnyForm, DeletesOneByOne, TabularInline
from registry.admin.paging import CappedPaginator
from registry.creation import NameRefused, check_name, create_project
from registry.deletion import delete_project
from registry.models import Project, Role, User
from registry.options import OPTIONS, set_options
from registry.roles import LastOwner, remove_role, set_role


class ProjectForm(AnyForm):
    """A project. A new one needs owners; its name never changes afterwards."""

    owners = forms.CharField(help_text="Usernames, with commas between them.")

    class Meta:
        model = Project
        fields = ("name", *OPTIONS)

    def clean_owners(self) -> list[User]:
        """The users of these names."""
        names = [name.strip() for name in self.cleaned_data["owners"].split(",") if name.strip()]
        found = {user.username: user for user in User.objects.filter(username__in=names)}
        missing = [name for name in names if name not in found]
        if missing or not found:
            raise ValidationError(f"There is no user {', '.join(missing)}." if missing else "Name at least one user.")
        return list(found.values())

    def clean(self) -> None:
        """The name, which may be free for its last owners only."""
        super().clean()
        if {"name", "owners"} <= self.cleaned_data.keys():
            try:
                check_name(self.cleaned_data["name"], self.cleaned_data["owners"])
            except NameRefused as refused:
                self.add_error("name", str(refused))


class RoleForm(AnyForm):
    """A role; whose it is does not change."""

    username = forms.CharField(max_length=150)

    class Meta:
        model = Role
        fields = ("username", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["username"].disabled = True
            self.initial["username"] = self.instance.user.username
        # The rows of the table have no labels.
        for name, label in (("username", "Username"), ("role", "Role")):
            self.fields[name].widget.attrs["aria-label"] = label

    def clean_username(self) -> str:
        """Somebody who exists."""
        name: str = self.cleaned_data["username"]
        if not self.instance.pk:
            user = User.objects.filter(username=name).first()
            if user is None:
                raise ValidationError(f"There is no user {name}.")
            self.instance.user = user
        return name


class RoleFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """The roles of a project: each user once, and never without an owner."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """The box that removes a role says what it does, as the fields of the form do."""
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = f"Remove {form.initial.get('username', 'this role')}"

    def clean(self) -> None:
        """What concerns all of them together."""
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.is_valid() and _stays(form.cleaned_data)]
        names = [role["username"] for role in kept]
        if len(names) != len(set(names)):
            raise ValidationError("Name each user once.")
        if not any(role["role"] == Role.Kind.OWNER for role in kept):
            raise ValidationError("A project needs an owner: the last one is never removed.")


class RoleInline(TabularInline):
    """Who owns and who maintains."""

    model = Role
    form = RoleForm
    formset = RoleFormSet
    extra = 1

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the names of the users."""
        return super().get_queryset(request).select_related("user", "project")


@admin.register(Project)
class ProjectAdmin(DeletesOneByOne):
    """A project with its roles."""

    form = ProjectForm
    list_display = ("name", "status", "trusted_publishing_only", "max_file_size", "created_at")
    list_filter = ("status", "trusted_publishing_only", "created_at")
    search_fields = ("normalized_name__startswith",)
    search_help_text = "The beginning of a name"
    paginator = CappedPaginator
    show_full_result_count = False
    inlines = (RoleInline,)
    actions = ("quarantine", "lift_quarantine")

    def get_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """The owners are asked for once; later they are roles."""
        return ("name", *OPTIONS, "serial", "created_at") if obj else ("name", "owners", *OPTIONS)

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """Names do not change."""
        return ("name", "serial", "created_at") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001
        """The plain form for a project that stands."""
        if change:
            kwargs["form"] = AnyForm
        return super().get_form(request, obj, change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> Any:
        """Roles of a project that stands."""
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:  # noqa: FBT001
        """As everywhere: with rules, roles and events."""
        said, actor = form.cleaned_data, Actor.of(request)
        options = {name: said[name] for name in OPTIONS if name in said}
        if change:
            set_options(Project.objects.get(pk=obj.pk), actor, **options)
            return
        project = create_project(said["name"], owners=said["owners"], actor=actor, **options)
        obj.__dict__.update(project.__dict__)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        """Give, change and take roles; owners come first, so that there is always one."""
        formset.save(commit=False)
        actor = Actor.of(request)
        roles = [*formset.new_objects, *(role for role, _ in formset.changed_objects)]
        try:
            for role in sorted(roles, key=lambda role: role.role != Role.Kind.OWNER):
                set_role(form.instance, role.user, role.role, actor=actor)
            for role in formset.deleted_objects:
                remove_role(form.instance, role.user, actor=actor)
        except LastOwner as refused:
            self.message_user(request, str(refused), messages.ERROR)

    @admin.action(description="Quarantine selected projects: no files are offered or taken", permissions=["change"])
    def quarantine(self, request: HttpRequest, queryset: QuerySet[Project]) -> None:
        """Until somebody has looked (PEP 792)."""
        done = sum(_set_status(project, Project.Status.QUARANTINED, request) for project in queryset)
        self.message_user(request, f"{done} quarantined.", messages.SUCCESS)

    @admin.action(description="Lift the quarantine of selected projects", permissions=["change"])
    def lift_quarantine(self, request: HttpRequest, queryset: QuerySet[Project]) -> None:
        """Offer and take files again."""
        held = queryset.filter(status=Project.Status.QUARANTINED)
        done = sum(_set_status(project, Project.Status.ACTIVE, request) for project in held)
        self.message_user(request, f"{done} active again.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Project) -> None:
        """Delete a project with everything in it."""
        delete_project(obj, Actor.of(request))


def _stays(said: dict[str, Any]) -> bool:
    return bool(said.get("username")) and not said.get("DELETE")


def _set_status(project: Project, status: str, request: HttpRequest) -> bool:
    """False for one that is so already, or was deleted meanwhile."""
    try:
        return bool(set_options(project, Actor.of(request), status=status))
    except Project.DoesNotExist:
        return False
