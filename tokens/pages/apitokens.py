"""A person's API tokens: the list, a new one, and the end of one."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.db.models import Case, Q, When
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from registry.actors import Actor
from registry.manage.access import account_page, changing, person
from registry.pages.paging import page_of
from registry.switches import works_while_read_only
from tokens.creating import SentBefore
from tokens.models import ApiToken
from tokens.pages.tokenform import TokenForm
from tokens.revoking import revoke_api_token

TAB = "manage-tokens"
REASON = "revoked by its user"
PAGE = 12


@require_safe
@account_page
def tokens(request: HttpRequest) -> HttpResponseBase:
    """Those that live first."""
    over = Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now())
    # Of one that never expires the second half is neither true nor false.
    ended = Case(When(over, then=True), default=False)
    own = ApiToken.objects.filter(user=person(request)).select_related("user").prefetch_related("projects")
    page = page_of(own.annotate(ended=ended).order_by("ended", "-created_at", "-pk"), request, PAGE)
    return render(request, "tokens/tokens.html", {"tab": TAB, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@account_page
@changing
@sensitive_variables("text")
def create(request: HttpRequest) -> HttpResponseBase:
    """The form. What it creates is shown in the answer to it, once: no address leads there, and nothing keeps it."""
    form = TokenForm(person(request), request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "tokens/create.html", {"tab": TAB, "form": form})
    try:
        text = form.save(Actor.of(request))
    except SentBefore as before:
        messages.warning(request, str(before))
        return redirect(TAB)
    if text is None:
        return render(request, "tokens/create.html", {"tab": TAB, "form": form})
    # netrc knows hosts without ports.
    usage = {"host": urlsplit(settings.SITE_URL).hostname, "example": next(iter(form.covered), "PROJECT")}
    return render(request, "tokens/created.html", {"tab": TAB, "form": form, "text": text, **usage})


@works_while_read_only
@require_http_methods(["GET", "HEAD", "POST"])
@account_page
@changing
def revoke(request: HttpRequest, token: int) -> HttpResponseBase:
    """A page that says what ends; then the end."""
    row = get_object_or_404(ApiToken.objects.select_related("user"), user=person(request), pk=token)
    if request.method != "POST":
        return render(request, "tokens/revoke.html", {"token": row, "back": reverse(TAB), "action": "Revoke token"})
    if revoke_api_token(row, REASON, Actor.of(request)):
        messages.success(request, f"The token “{row.name}” was revoked. It opens nothing any more.")
    else:
        messages.info(request, f"The token “{row.name}” was revoked already.")
    return redirect(TAB)
