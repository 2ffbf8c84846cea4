"""The page that finds whatever is pasted into it. What was pasted is sent in a form and is never part of an address."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from publishers.models import Publisher
from registry import switches
from registry.accounts import stepup
from registry.admin import links
from tokens import finding
from tokens.finding import Found

# Whoever may see these may see what the page finds.
SEEN = ("tokens.view_apitoken", "tokens.view_uploadtoken", "tokens.view_exchange", "tokens.view_provenance")


class Pasted(forms.Form):
    """Anything that somebody found."""

    text = forms.CharField(
        max_length=finding.MAX_TEXT,
        label="What you have",
        widget=forms.Textarea(
            attrs={"rows": 4, "cols": 80, "autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )


@stepup.only_reads
@switches.works_while_read_only
@never_cache
@sensitive_post_parameters("text")
@sensitive_variables("form", "text")
def find(request: HttpRequest) -> HttpResponse:
    """Say what a pasted text means here."""
    if not request.user.has_perms(SEEN):
        raise PermissionDenied
    form = Pasted(request.POST if request.method == "POST" else None)
    text: str = form.cleaned_data["text"] if form.is_valid() else ""
    form.data = {}  # what could not be read may hold a secret too
    found = finding.find(text)
    shown = "" if finding.is_secret(text) else text
    context = {
        **admin.site.each_context(request),
        "title": "Find",
        "form": Pasted(initial={"text": shown}) if form.is_valid() else form,
        "asked": bool(text),
        "found": [_as_shown(one, text, request) for one in found],
    }
    return TemplateResponse(request, "admin/tokens/find.html", context)


def _as_shown(found: Found, text: str, request: HttpRequest) -> dict[str, object]:
    rows = [{"kind": row._meta.verbose_name, "link": links.link(row), "note": _note(row)} for row in found.rows]
    # Only a place stands in an address: a list is searched for it.
    further = links.list_of(Publisher, q=text) if found.is_cut and found.most == finding.MOST_TRUSTING else ""
    cut = found.most if found.is_cut else 0
    return {"found": found, "rows": rows, "cut": cut, "further": further, "revoke": _revoke_page(found, request)}


def _note(row: Model) -> SafeString | str:
    """What a row's own name leaves out: whose a publisher is, and whether it is trusted now."""
    if not isinstance(row, Publisher):
        return ""
    of = links.link(row.project) if row.project else f"{row.project_name}, which waits for its first upload"
    dead = row.why_dead()
    return format_html("of {}{}", of, f". {dead}" if dead else "")


def _revoke_page(found: Found, request: HttpRequest) -> str:
    """Where the token that was found is revoked, for whoever may; else nothing."""
    token = found.revocable
    if token is None or not request.user.has_perm(f"tokens.change_{token._meta.model_name}"):
        return ""
    return reverse(f"admin:tokens_{token._meta.model_name}_revoke", args=[token.pk])
