"""Somebody who is invited to a project, and says yes or no."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from registry import invitations
from registry.actors import Actor
from registry.invitations import InvitationGone
from registry.manage.access import account_page, changing, person
from registry.models import Invitation

NOT_YOURS = (
    "There is no such invitation for this account. It was answered or revoked, it has expired, or it is for another "
    "account, or for a mail address that this one has not verified."
)


@require_safe
@account_page
def invitation(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What the mail's link opens. It changes nothing."""
    row = invitations.waiting_for(person(request)).filter(pk=pk).first()
    if row is None:
        raise Http404(NOT_YOURS)
    return render(request, "manage/projects/invitation.html", {"tab": "manage-projects", "invitation": row})


@require_POST
@account_page
@changing
def accept(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take the role."""
    try:
        row = _waiting(request, pk)
        if invitations.accept(row, person(request), Actor.of(request)):
            messages.success(request, f"You are {row.spoken} of {row.project.name} now.")
        else:
            messages.info(request, f"You have this role of {row.project.name} already.")
    except InvitationGone as refused:
        messages.warning(request, str(refused))
        return redirect("manage-projects")
    return redirect("manage-releases", name=row.project.normalized_name)


@require_POST
@account_page
def decline(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Say no. Nobody gains or loses anything by it, so that it asks for no second factor."""
    try:
        row = _waiting(request, pk)
        invitations.decline(row, person(request), Actor.of(request))
        messages.success(request, f"You have declined the invitation to {row.project.name}.")
    except InvitationGone as refused:
        messages.warning(request, str(refused))
    return redirect("manage-projects")


def _waiting(request: HttpRequest, pk: int) -> Invitation:
    row = invitations.waiting_for(person(request)).filter(pk=pk).first()
    if row is None:
        raise InvitationGone
    return row
