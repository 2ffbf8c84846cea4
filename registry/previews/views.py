"""Every mail, as text and as HTML in light and dark, from sample data."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from registry.headers import CONTENT_SECURITY_POLICY
from registry.mailhtml import html
from registry.previews import letters

# A page with previews may show pages of this registry within it.
FRAMING_POLICY = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
# Mails bring their style within them, as mail programs want it. The preview may do so too, and nothing else: no script,
# no picture, no form.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
DARK = "(prefers-color-scheme: dark)"
SCHEMES = {"light": "not all", "dark": "all"}


@require_safe
def mails_listed(request: HttpRequest) -> HttpResponse:
    """The names of all mails, ours and those of django-allauth."""
    return render(request, "previews/mails.html", {"ours": letters.ours(), "sign_in": letters.of_sign_in()})


@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: its text, and frames with its HTML."""
    message = letters.letter(name)
    response = render(request, "previews/mail.html", {"name": name, "message": message, "schemes": SCHEMES})
    response["Content-Security-Policy"] = FRAMING_POLICY
    return response


@require_safe
def mail_as_html(_request: HttpRequest, name: str, scheme: str) -> HttpResponse:
    """The HTML part, as somebody sees it who prefers ``scheme``."""
    if scheme not in SCHEMES:
        raise Http404("A mail is shown in light or dark.")
    message = letters.letter(name)
    page = html(message.subject, str(message.body)).replace(DARK, SCHEMES[scheme])
    policies = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return HttpResponse(page, headers=policies)
