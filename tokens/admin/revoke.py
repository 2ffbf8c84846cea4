"""The page that revokes everything that came from one place, once it has said how much that is."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from registry import switches
from registry.actors import Actor
from tokens import sweeping
from tokens.revoking import MAX_REASON
from tokens.sweeping import KINDS, Selection

MAY_REVOKE = ("tokens.change_apitoken", "tokens.change_uploadtoken")


class SweepForm(forms.Form):
    """What is to go, and why."""

    kind = forms.ChoiceField(choices=list(KINDS.items()), label="Revoke")
    which = forms.CharField(
        max_length=400,
        label="Which one",
        help_text="The issuer's URL, the provider's short name (such as gitlab), the repository as OWNER/NAME, the "
        "publisher's number, the username, or the address.",
    )
    since = forms.DateTimeField(
        required=False,
        label="Since",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="UTC. Only tokens that were created then or later; all when empty.",
    )
    reason = forms.CharField(max_length=MAX_REASON, help_text="It is told to owners and users, and kept.")

    def clean_which(self) -> str:
        """Something that is there."""
        which: str = self.cleaned_data["which"].strip()
        problem = sweeping.problem(self.cleaned_data.get("kind", ""), which)
        if problem:
            raise ValidationError(problem)
        return which

    def selection(self) -> Selection:
        """The tokens that a valid form means."""
        said = self.cleaned_data
        return Selection(said["kind"], said["which"], said["since"])


@switches.works_while_read_only
def revoke(request: HttpRequest) -> HttpResponse:
    """First count, then, once that was seen, revoke a batch."""
    if not request.user.has_perms(MAY_REVOKE):
        raise PermissionDenied
    form = SweepForm(request.POST) if request.method == "POST" else SweepForm(initial=request.GET.dict())
    if not form.is_bound or not form.is_valid():
        return _page(request, form)
    if request.POST.get("step") == "revoke":
        swept = sweeping.sweep(form.selection(), form.cleaned_data["reason"], Actor.of(request))
        messages.success(request, f"{swept.revoked} token{' was' if swept.revoked == 1 else 's were'} revoked.")
        if not swept.left:
            return HttpResponseRedirect(request.path)
        messages.warning(request, f"{swept.left} are left. Go on below.")
    selection = form.selection()
    counted = {"uploads": len(selection.upload_tokens()), "apis": len(selection.api_tokens()), "chosen": selection}
    return _page(request, form, **counted, what=KINDS[selection.kind], batch=sweeping.BATCH)


def _page(request: HttpRequest, form: SweepForm, **context: object) -> HttpResponse:
    shown = {**admin.site.each_context(request), "title": "Revoke tokens", "form": form, **context}
    return TemplateResponse(request, "admin/tokens/revoke.html", shown)
