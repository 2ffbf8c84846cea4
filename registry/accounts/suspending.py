"""A form that was sent too late is kept in the session while its sender confirms who they are, and then goes on.

django-allauth keeps the whole request, loses a form whose address has a query, and knows no limit: this is its hook
for a state of one's own (``resume_request``).
"""

import time
from urllib.parse import urlsplit

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.utils import get_next_redirect_url
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import resolve
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from registry.closing import refusal

MOST = 64 * 1024  # characters of a form, in a row of the database
SECRETS = ("password", "token", "secret")  # part of a field's name
KEPT_FOR = 60 * 60  # seconds
AFTERWARDS = "after_second_factor"
SEND_IT_AGAIN = "What you sent was not kept meanwhile. Send it again after you confirmed that it is you."


def suspend(request: HttpRequest, way: str) -> HttpResponse:
    """Send the person to ``way``, and keep their form."""
    request.session.pop(STATE_SESSION_KEY, None)
    back = request.get_full_path()
    if request.method == "POST":
        if _can_be_kept(request):
            kept = {"path": request.path_info, "query": request.META.get("QUERY_STRING", ""), "at": time.time()}
            state = {**kept, "form": _form_of(request).urlencode()}
            request.session[STATE_SESSION_KEY] = {"state": state, "callback": f"{__name__}.resume"}
        else:
            messages.warning(request, SEND_IT_AGAIN)
            back = page_of(request)
    return redirect(f"{way}?{urlencode({'next': back})}")


def resume(request: HttpRequest, kept: dict[str, str | float]) -> HttpResponseBase:
    """Do what the kept form asks for; django-allauth calls it after the person confirmed who they are.

    Its CSRF token was checked when it came. A form that waited long, or is not the one that the person was sent away
    from, is forgotten.
    """
    path, query = str(kept["path"]), str(kept["query"])
    wanted = get_next_redirect_url(request) or "/account/"
    if wanted != (f"{path}?{query}" if query else path) or time.time() - float(kept["at"]) > KEPT_FOR:
        return redirect(wanted)
    request.GET, request.POST = QueryDict(query), QueryDict(str(kept["form"]))
    request.META.update(REQUEST_METHOD="POST", PATH_INFO=path, QUERY_STRING=query)
    request.method = "POST"
    request.path = request.path_info = path
    request.resolver_match = resolve(path)
    func, args, kwargs = request.resolver_match
    # Middleware has looked at the form that confirmed, not at this one.
    response: HttpResponseBase = refusal(request, func) or func(request, *args, **kwargs)
    return response


def remember(request: HttpRequest) -> None:
    """Keep the page to which a person goes back from setting up their second factor."""
    request.session[AFTERWARDS] = page_of(request)


def page_of(request: HttpRequest) -> str:
    """The page at which the person is: of a form that was sent, the one that it stood on."""
    if request.method == "GET":
        return request.get_full_path()
    referrer = request.META.get("HTTP_REFERER", "")
    if url_has_allowed_host_and_scheme(referrer, {request.get_host()}):
        parts = urlsplit(referrer)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
    return request.get_full_path()


def _form_of(request: HttpRequest) -> QueryDict:
    """What was typed. The CSRF token has done its work."""
    form = request.POST.copy()
    form.pop("csrfmiddlewaretoken", None)
    return form


def _can_be_kept(request: HttpRequest) -> bool:
    """Files are not kept, nor passwords and pasted tokens: the session's row would hold them in clear."""
    form = _form_of(request)
    if request.FILES or any(secret in name for name in form for secret in SECRETS):
        return False
    return len(form.urlencode()) <= MOST
