"""Issuers: whose word is taken, and with which keys."""

import datetime
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.utils.timesince import timesince
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from publishers import issuers, jwk, uses
from publishers.fetch import FetchFailed
from publishers.issuers import IssuerForm
from publishers.jwk import BadKeySet
from publishers.models import Issuer
from publishers.namedclaims import ClaimsInUse
from publishers.presets import PRESETS
from publishers.trying import try_token
from registry import strictjson
from registry.actors import Actor
from registry.admin.base import DeletesOneByOne

# Beyond this "many" is enough to know.
MOST = 1000


@dataclass(frozen=True)
class KeyLine:
    """One key of an issuer, in words."""

    key_id: str
    kind: str  # with its size or curve
    first_seen: str
    age: str
    last_used: datetime.datetime | None


@admin.register(Issuer)
class IssuerAdmin(DeletesOneByOne):
    """Whose word is taken: superusers only. Its keys have a page of their own."""

    form = IssuerForm
    list_display = ("__str__", "url", "provider", "enabled", "keys_refreshed_at", "refresh_error")
    list_filter = ("provider", "enabled")
    search_fields = ("url", "name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Superusers only, and a used one not at all."""
        return bool(request.user.is_superuser)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the preset that was chosen says."""
        preset = PRESETS.get(request.GET.get("preset", ""))
        return preset.initial() if preset else dict(super().get_changeform_initial_data(request))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Add or change an issuer; presets stand above the form that adds one."""
        chosen = PRESETS.get(request.GET.get("preset", ""))
        context = {**(extra_context or {}), "presets": PRESETS.values(), "chosen": chosen}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except ClaimsInUse as refused:  # since the form was checked
            self.message_user(request, str(refused), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Issuer, form: Any, change: bool) -> None:  # noqa: FBT001
        """With an event, and without touching the key set."""
        issuers.save(form, Actor.of(request))

    def delete_model(self, request: HttpRequest, obj: Issuer) -> None:
        """With an event."""
        issuers.remove(obj, Actor.of(request))

    def get_urls(self) -> list[URLPattern]:
        """The pages of the keys and of sample tokens."""
        guard = self.admin_site.admin_view
        pages = [
            path("<int:pk>/keys/", guard(self.keys_view), name="publishers_issuer_keys"),
            path("<int:pk>/try/", guard(self.try_view), name="publishers_issuer_try"),
        ]
        return [*pages, *super().get_urls()]

    @method_decorator([csrf_protect, sensitive_post_parameters("token")])
    def try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Explain a sample token. Outside any transaction: it may fetch keys."""
        issuer = get_object_or_404(Issuer, pk=pk)
        if not self.has_change_permission(request, issuer):
            raise PermissionDenied
        text = "".join(request.POST.get("token", "").split())
        context = {
            **self.admin_site.each_context(request),
            "title": f"Try a token of {issuer}",
            "issuer": issuer,
            "audience": issuer.expected_audience,
            "opts": self.opts,
            "trial": try_token(issuer, text) if text else None,
        }
        return TemplateResponse(request, "admin/publishers/issuer/try.html", context)

    @method_decorator(csrf_protect)
    def keys_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the keys; refresh, drop, paste or forget pasted ones. Outside any transaction: it may fetch."""
        issuer = get_object_or_404(Issuer, pk=pk)
        if not self.has_change_permission(request, issuer):
            raise PermissionDenied
        lines = key_lines(issuer)
        dropped = next((line for line in lines if line.key_id == request.POST.get("key")), None)
        if dropped and request.POST.get("what") == "drop" and "sure" not in request.POST:
            context = self._context(request, issuer, f"Drop a key of {issuer}", line=dropped, is_last=len(lines) == 1)
            return TemplateResponse(request, "admin/publishers/issuer/drop_key.html", context)
        if request.method == "POST":
            self._change_keys(request, issuer)
            return HttpResponseRedirect(request.path)
        context = self._context(request, issuer, f"Keys of {issuer}", lines=lines)
        return TemplateResponse(request, "admin/publishers/issuer/keys.html", context)

    def _context(self, request: HttpRequest, issuer: Issuer, title: str, **more: Any) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "issuer": issuer,
            "opts": self.opts,
            "publishers": _how_many(issuer.publishers.all()),
            **more,
        }

    def _change_keys(self, request: HttpRequest, issuer: Issuer) -> None:
        what, actor = request.POST.get("what"), Actor.of(request)
        try:
            if what == "refresh":
                issuers.refresh_keys(issuer, actor)
            elif what == "paste":
                issuers.paste_keys(issuer, strictjson.parse(request.POST.get("document", "")), actor)
            elif what == "unpaste":
                issuers.unpaste_keys(issuer, actor)
            elif what == "drop" and not issuers.drop_key(issuer, request.POST.get("key", ""), actor):
                raise BadKeySet("The issuer has no such key.")
        except (FetchFailed, BadKeySet, strictjson.NotStrict) as failed:
            self.message_user(request, f"Nothing was changed: {failed}", messages.ERROR)
        else:
            self.message_user(request, "Done.", messages.SUCCESS)


def key_lines(issuer: Issuer) -> list[KeyLine]:
    """The keys of an issuer in the order of their ids."""
    used = uses.key_uses(issuer)
    return [
        KeyLine(key_id, _kind(entry["jwk"]), first_seen[:19].replace("T", " "), _age(first_seen), used.get(key_id))
        for key_id, entry in sorted(issuer.keys.items())
        for first_seen in [str(entry.get("first_seen", ""))]
    ]


def _how_many(rows: QuerySet[Any]) -> str:
    count = rows.order_by()[: MOST + 1].count()
    return f"{count:,}" if count <= MOST else f"{MOST:,}+"


def _age(first_seen: str) -> str:
    seen = parse_datetime(first_seen)
    return timesince(seen, depth=1) if seen is not None else "unknown"


def _kind(key: dict[str, str]) -> str:
    public = jwk.load(key).public
    return f"RSA, {public.key_size} bits" if isinstance(public, RSAPublicKey) else f"{key['kty']}, {key['crv']}"
