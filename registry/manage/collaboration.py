"""The people of a project: their roles, and invitations to have one."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from registry import invitations
from registry.actors import Actor
from registry.invitations import InvitationGone, NotInvited
from registry.manage.access import Place, changing, owners_page, person, project_page
from registry.models import Invitation, Project, Role
from registry.models.people import SPOKEN
from registry.pages.paging import page_of
from registry.roles import LastOwner, change_role, remove_role

SIZE = 10  # of a page of each list
KINDS = [
    (Role.Kind.MAINTAINER, "Maintainer. Uploads and reads."),
    (Role.Kind.OWNER, "Owner. Manages publishers, roles, tokens and settings too."),
]


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    invitee = forms.CharField(
        label="Username or mail address",
        max_length=invitations.MAX_LENGTH,
        help_text="They get a mail, and have the role once they accept.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(choices=KINDS, widget=forms.RadioSelect, initial=Role.Kind.MAINTAINER)


class RoleForm(forms.Form):
    """What somebody becomes."""

    role = forms.ChoiceField(choices=Role.Kind.choices)


@require_safe
@project_page
def collaboration(request: HttpRequest, place: Place) -> HttpResponseBase:
    """Who has a role, and who is invited to one."""
    return _page(request, place, InvitationForm())


@require_POST
@owners_page
@changing
def invite(request: HttpRequest, place: Place) -> HttpResponseBase:
    """Invite somebody, with a mail."""
    form = InvitationForm(request.POST)
    if form.is_valid() and _is_invited(request, place.project, form):
        return _back(place.project)
    return _page(request, place, form)


@require_POST
@owners_page
@changing
def resend(request: HttpRequest, place: Place, pk: int) -> HttpResponseBase:
    """Send the mail of an invitation again."""
    try:
        row = _invitation(place.project, pk)
        if invitations.resend(row, by=person(request), actor=Actor.of(request)):
            messages.success(request, f"The mail to {row.invitee} is sent again. They have 7 days from now.")
        else:
            messages.warning(request, f"A mail went to {row.invitee} a moment ago. Wait ten minutes before the next.")
    except InvitationGone:
        messages.warning(request, "This invitation was answered or revoked meanwhile.")
    return _back(place.project)


@require_POST
@owners_page
@changing
def revoke(request: HttpRequest, place: Place, pk: int) -> HttpResponseBase:
    """Take an invitation back."""
    try:
        row = _invitation(place.project, pk)
        invitations.revoke(row, Actor.of(request))
        messages.success(request, f"The invitation of {row.invitee} is revoked.")
    except InvitationGone:
        messages.warning(request, "This invitation was answered or revoked meanwhile.")
    return _back(place.project)


@require_POST
@owners_page
@changing
def change(request: HttpRequest, place: Place, pk: int) -> HttpResponseBase:
    """Make a maintainer an owner, or an owner a maintainer."""
    role, form = _role(place.project, pk), RoleForm(request.POST)
    try:
        if form.is_valid() and change_role(
            place.project, role.user, form.cleaned_data["role"], actor=Actor.of(request)
        ):
            messages.success(request, f"{role.user.username} is {SPOKEN[form.cleaned_data['role']]} now.")
    except LastOwner as refused:
        messages.error(request, str(refused))
    return _back(place.project)


@owners_page
@changing
def remove(request: HttpRequest, place: Place, pk: int) -> HttpResponseBase:
    """Take somebody's role away."""
    role = _role(place.project, pk)
    if role.user == person(request):
        return redirect("manage-leave", name=place.project.normalized_name)
    if request.method == "POST":
        _take(request, role, f"{role.user.username} has no role any more.")
        return _back(place.project)
    return _confirm(request, place, role, "manage/collaboration/remove.html", f"Remove {role.user.username}")


@project_page
@changing
def leave(request: HttpRequest, place: Place) -> HttpResponseBase:
    """Give one's own role up."""
    role = Role.objects.select_related("user", "project").filter(project=place.project, user=person(request)).first()
    if role is None:
        return redirect("manage-projects")
    if request.method == "POST":
        left = _take(request, role, f"You have left {place.project.name}.")
        return redirect("manage-projects") if left else _back(place.project)
    return _confirm(request, place, role, "manage/collaboration/leave.html", "Leave project")


def _page(request: HttpRequest, place: Place, form: InvitationForm) -> HttpResponseBase:
    project = place.project
    roles = project.roles.select_related("user").order_by("-role", "user__username")
    sent = project.invitations.select_related("user", "invited_by") if place.is_owner else Invitation.objects.none()
    standing = set(Invitation.objects.open().filter(project=project).values_list("pk", flat=True))
    invited = page_of(sent, request, SIZE, "invited")
    context = {
        "place": place,
        "tab": "manage-collaboration",
        "page": page_of(roles, request, SIZE),
        "only_one_owner": project.roles.filter(role=Role.Kind.OWNER).count() == 1,
        "invited": invited,
        "invitations": [(row, row.pk in standing) for row in invited.rows],
        "form": form,
    }
    return render(request, "manage/collaboration/people.html", context)


def _is_invited(request: HttpRequest, project: Project, form: InvitationForm) -> bool:
    invitee, role = form.cleaned_data["invitee"], form.cleaned_data["role"]
    try:
        row = invitations.invite(project, invitee, role, by=person(request), actor=Actor.of(request))
    except NotInvited as refused:
        form.add_error("invitee", str(refused))
        return False
    messages.success(request, f"{row.invitee} is invited.")
    return True


def _confirm(request: HttpRequest, place: Place, role: Role, template: str, action: str) -> HttpResponseBase:
    back = reverse("manage-collaboration", kwargs={"name": place.project.normalized_name})
    context = {"place": place, "role": role, "form": forms.Form(), "back": back, "action": action}
    return render(request, template, context)


def _take(request: HttpRequest, role: Role, done: str) -> bool:
    try:
        remove_role(role.project, role.user, actor=Actor.of(request))
    except LastOwner as refused:
        messages.error(request, str(refused))
        return False
    messages.success(request, done)
    return True


def _role(project: Project, pk: int) -> Role:
    role = Role.objects.select_related("user", "project").filter(project=project, pk=pk).first()
    if role is None:
        raise Http404("This person has no role in the project.")
    return role


def _invitation(project: Project, pk: int) -> Invitation:
    row = Invitation.objects.select_related("project", "user").filter(project=project, pk=pk).first()
    if row is None:
        raise InvitationGone
    return row


def _back(project: Project) -> HttpResponseBase:
    return redirect("manage-collaboration", name=project.normalized_name)
