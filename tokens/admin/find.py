"""The page that finds whatever is pasted into it. What was pasted is sent in a form and is never part of an address."""

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from registry import switches
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
        "found": [_as_shown(one) for one in found],
    }
    return TemplateResponse(request, "admin/tokens/find.html", context)


def _as_shown(found: Found) -> dict[str, object]:
    rows = [{"kind": row._meta.verbose_name, "link": links.link(row)} for row in found.rows]
    return {"found": found, "rows": rows, "cut": finding.MOST if found.is_cut else 0}
