"""The way to the single sign-on and back."""

from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ReauthenticationRequired
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from registry.accounts import stepup
from registry.accounts.signon import accounts
from registry.accounts.signon.adapter import CONFIRM
from registry.accounts.signon.provider import Conversation, IssuerFailed, configured
from registry.models import User

PROCESSES = ("login", "connect")
# Asks the issuer to ask the person, however recently it did (OpenID Connect Core, 3.1.2.1).
ANEW = {"prompt": "login", "max_age": "0"}


@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponseBase:
    """Sign in, or connect the account that one is signed in to."""
    process = request.POST.get("process", "login")
    if process not in PROCESSES:
        process = "login"
    if process == "connect":
        if not request.user.is_authenticated:
            return redirect_to_login("/account/")
        if not stepup.is_recent(request):
            raise ReauthenticationRequired
    return _go(request, process, {})


@never_cache
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Confirm over the single sign-on that it is still the same person."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    if accounts.of(request.user) is None:
        raise Http404("Your account is not connected with a single sign-on.")
    if request.method == "POST":
        return _go(request, CONFIRM, ANEW)
    return render(request, "socialaccount/confirm.html", {"next": get_next_redirect_url(request) or ""})


@never_cache
def callback(request: HttpRequest) -> HttpResponseBase:
    """Where the issuer sends people back to."""
    _there_is_one()
    try:
        response: HttpResponseBase = OAuth2CallbackView.adapter_view(Conversation(request, accounts.PROVIDER))(request)
    except (OAuth2Error, OSError, ValueError, KeyError, TypeError, AttributeError) as failure:
        return _failed(request, failure)
    return response


def _go(request: HttpRequest, process: str, asked: dict[str, str]) -> HttpResponse:
    """Through a page of ours: Content-Security-Policy's form-action does not let a form lead to another site."""
    _there_is_one()
    going = {"next_url": get_next_redirect_url(request)} if get_next_redirect_url(request) else {}
    try:
        answer = configured(request).redirect(request, process, auth_params=dict(asked), **going)
    except OAuth2Error as failure:
        return _failed(request, failure)
    if answer.status_code != 302:
        return answer  # type: ignore[no-any-return]
    return render(request, "socialaccount/going.html", {"url": answer["Location"], "issuer": settings.SSO_ISSUER})


def _failed(request: HttpRequest, failure: Exception) -> HttpResponse:
    wrong = failure if isinstance(failure, OAuth2Error) else IssuerFailed(f"{type(failure).__name__}: {failure}")
    page: Any = render_authentication_error(request, configured(request), exception=wrong)
    return page  # type: ignore[no-any-return]


def _there_is_one() -> None:
    if not accounts.is_configured():
        raise Http404("This registry has no single sign-on.")
