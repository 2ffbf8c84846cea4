"""Exchanges, tokens and provenance: found and read; tokens are revoked, nothing else changes."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_protect

from registry.actors import Actor
from registry.admin.base import RecordAdmin, pretty
from tokens import secrets
from tokens.models import ApiToken, Exchange, Provenance, RefusalNotice, Tally, UploadToken
from tokens.revoking import revoke_api_token, revoke_upload_token

REASON = "revoked by an administrator"


@admin.register(Exchange)
class ExchangeAdmin(RecordAdmin):
    """One attempt to turn an identity token into an upload token."""

    list_display = ("created_at", "outcome", "code", "provider", "identity", "address", "replays")
    list_filter = ("outcome", "provider", "created_at")
    search_fields = ("=id", "identity", "=code", "=address", "=identity_token_id")
    fields = (
        "id",
        "created_at",
        "outcome",
        "code",
        "description",
        "issuer_url",
        "provider",
        "identity",
        "identity_token_id",
        "key_id",
        "projects",
        "checks_shown",
        "claims_shown",
        "address",
        "user_agent",
        "replays",
    )

    @admin.display(description="checks")
    def checks_shown(self, exchange: Exchange) -> SafeString:
        """What was compared."""
        return pretty(exchange.checks)

    @admin.display(description="claims")
    def claims_shown(self, exchange: Exchange) -> SafeString:
        """What the identity token said."""
        return pretty(exchange.claims)


class TokenAdmin(RecordAdmin):
    """A token, which shows nothing of its text, nor the digest by which it is found. It can be revoked."""

    exclude = ("digest",)
    actions = ("revoke_selected",)
    change_list_template = "admin/tokens/change_list.html"

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tokens in Django's sense."""
        return request.user.has_perm(f"tokens.change_{self.opts.model_name}")

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """End them, with an event each."""
        revoke: Any = revoke_api_token if self.model is ApiToken else revoke_upload_token
        ended = sum(revoke(token, REASON, Actor.of(request)) for token in queryset)
        self.message_user(request, f"{ended} revoked.", messages.SUCCESS)

    @admin.display(boolean=True)
    def live(self, token: Any) -> bool:
        """Whether it still opens anything."""
        return bool(token.is_live())


@admin.register(UploadToken)
class UploadTokenAdmin(TokenAdmin):
    """The short-lived credential that an exchange gave."""

    list_display = ("id", "created_at", "covers", "issuer_url", "expires_at", "live", "revoked_at")
    list_filter = ("created_at", ("revoked_at", admin.EmptyFieldListFilter))
    search_fields = ("=exchange__id", "=issuer_url")
    raw_id_fields = ("exchange", "issuer")

    @admin.display(description="projects")
    def covers(self, token: UploadToken) -> str:
        """The projects of its grants."""
        return ", ".join(sorted({grant["project"] for grant in token.grants}))


class PastedToken(forms.Form):
    """A token that somebody found. It is never shown again, nor part of an address."""

    token = forms.CharField(max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "off"}))


@admin.register(ApiToken)
class ApiTokenAdmin(TokenAdmin):
    """A credential that a person created."""

    list_display = ("name", "username", "scopes", "limited", "created_at", "expires_at", "last_used_at", "live")
    list_filter = ("limited", "created_at", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("username", "name")
    raw_id_fields = ("user", "projects")

    def get_urls(self) -> list[URLPattern]:
        """The page that finds a pasted token, of either kind."""
        page = path("find/", self.admin_site.admin_view(self.find_view), name="tokens_find")
        return [page, *super().get_urls()]

    @method_decorator(csrf_protect)
    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Go to the row of a pasted token."""
        if not request.user.has_perm("tokens.view_apitoken") or not request.user.has_perm("tokens.view_uploadtoken"):
            raise PermissionDenied
        form = PastedToken(request.POST if request.method == "POST" else None)
        found = _row(form.cleaned_data["token"]) if form.is_valid() else None
        if found is not None:
            return HttpResponseRedirect(reverse(f"admin:tokens_{found._meta.model_name}_change", args=[found.pk]))
        if form.is_valid():
            self.message_user(request, "There is no such token here.", messages.WARNING)
        context = {
            **self.admin_site.each_context(request),
            "title": "Find a token",
            "opts": self.opts,
            "form": PastedToken(),
        }
        return TemplateResponse(request, "admin/tokens/find.html", context)


@admin.register(RefusalNotice)
class RefusalNoticeAdmin(RecordAdmin):
    """When owners were last mailed of refused exchanges. It goes with its project."""

    list_display = ("project", "issuer", "identity", "told_at")
    list_select_related = ("project", "issuer")
    search_fields = ("=project__normalized_name", "identity")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may delete its project: without it only one mail more is written."""
        return request.user.has_perm("registry.delete_project")


@admin.register(Provenance)
class ProvenanceAdmin(RecordAdmin):
    """By which token, publisher and claims a file came."""

    list_display = ("filename", "project_name", "version", "uploader", "uploaded_at", "address")
    list_filter = ("uploaded_at",)
    search_fields = ("filename", "=sha256", "=project_name", "uploader")
    fields = (
        "filename",
        "sha256",
        "project_name",
        "version",
        "uploaded_at",
        "uploader",
        "exchange",
        "upload_token",
        "api_token",
        "publisher_shown",
        "claims_shown",
        "address",
    )

    @admin.display(description="publisher")
    def publisher_shown(self, provenance: Provenance) -> SafeString:
        """The publisher as it was."""
        return pretty(provenance.publisher)

    @admin.display(description="claims")
    def claims_shown(self, provenance: Provenance) -> SafeString:
        """What the identity token said."""
        return pretty(provenance.claims)


def _row(text: str) -> Model | None:
    digest = secrets.digest(text.strip())
    return ApiToken.objects.filter(digest=digest).first() or UploadToken.objects.filter(digest=digest).first()


@admin.register(Tally)
class TallyAdmin(RecordAdmin):
    """What the dashboard adds up."""

    list_display = ("hour", "what", "provider", "code", "count")
    list_filter = ("what", "provider", "hour")
