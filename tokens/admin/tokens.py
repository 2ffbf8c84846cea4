"""Tokens: found by what is around them, or by pasting one, and revoked. Their text is nowhere."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from publishers.admin.byissuer import ByIssuer
from publishers.models import Publisher
from registry import switches
from registry.actors import Actor
from registry.admin import filters, links, searching
from registry.admin.records import AuditAdmin
from registry.models import Project
from tokens.admin import find, finders, revoke
from tokens.models import ApiToken, UploadToken
from tokens.revoking import MAX_REASON, revoke_api_token, revoke_upload_token

# In one request; a page of the list has fewer, but the list can be selected as a whole.
MOST_SELECTED = 200


class Reason(forms.Form):
    """Why tokens are revoked."""

    reason = forms.CharField(max_length=MAX_REASON, help_text="It is told to owners and users, and kept.")


class TokenAdmin(AuditAdmin):
    """A token, which shows nothing of its text, nor the digest by which it is found. It can be revoked."""

    exclude = ("digest",)
    never_exported = ("digest",)
    actions = ("revoke_selected",)
    change_list_template = "admin/tokens/token_list.html"
    change_form_template = "admin/tokens/token.html"

    def get_urls(self) -> list[URLPattern]:
        """The page that revokes one."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_revoke"
        page = path("<int:pk>/revoke/", self.admin_site.admin_view(self.revoke_view), name=name)
        return [page, *super().get_urls()]

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tokens in Django's sense."""
        return bool(request.user.has_perm(f"tokens.change_{self.opts.model_name}"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a way to revoke it, for those who may."""
        context = {**(extra_context or {}), "may_revoke": self.has_revoke_permission(request)}
        return super().change_view(request, object_id, form_url, context)

    @switches.works_while_read_only
    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> Any:
        """The list, whose only action revokes."""
        return super().changelist_view(request, extra_context)

    def revoke_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why one token is to be revoked; the list's action does it."""
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        get_object_or_404(self.model, pk=pk)
        return self._ask_why(request, self.get_queryset(request).filter(pk=pk), Reason())

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask why; then end them, with events and mails each."""
        form = Reason(request.POST if "sure" in request.POST else None)
        if not form.is_valid():
            return self._ask_why(request, queryset, form)
        reason, actor = form.cleaned_data["reason"], Actor.of(request)
        ended = sum(_revoke(token, reason, actor) for token in queryset.order_by("pk")[:MOST_SELECTED])
        self.message_user(request, f"{ended} revoked.", messages.SUCCESS)
        return None

    def _ask_why(self, request: HttpRequest, tokens: QuerySet[Any], form: "Reason") -> HttpResponse:
        chosen = list(tokens.order_by("pk")[: MOST_SELECTED + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": "Revoke tokens",
            "opts": self.opts,
            "form": form,
            "tokens": chosen[:MOST_SELECTED],
            "cut": len(chosen) > MOST_SELECTED,
            "list": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
        }
        return TemplateResponse(request, "admin/tokens/revoke_selected.html", context)

    @admin.display(description="state")
    def state(self, token: Any) -> str:
        """Live, or how it ended."""
        return str(token.state())


def upload_token_states() -> dict[str, Q]:
    """As ``UploadToken.state`` names them, by the columns."""
    ends = {name: Q(**{f"{name}_at__isnull": False}) for name in ("revoked", "burnt", "spent")}
    over = Q(expires_at__lte=timezone.now())
    return {"live": ~reduce(or_, ends.values()) & ~over, **ends, "expired": over}


def api_token_states() -> dict[str, Q]:
    """As ``ApiToken.state`` names them, by the columns."""
    revoked, over = Q(revoked_at__isnull=False), Q(expires_at__isnull=False, expires_at__lte=timezone.now())
    ownerless = Q(user__isnull=True) | Q(user__is_active=False)
    return {"live": ~revoked & ~over & ~ownerless, "revoked": revoked, "expired": over, "without its user": ownerless}


@admin.register(UploadToken)
class UploadTokenAdmin(TokenAdmin):
    """The short-lived credential that an exchange gave."""

    list_display = ("id", "created_at", "covers", "issuer_url", "expires_at", "state", "revoked_at")
    list_filter = (filters.of_states("state", "state", upload_token_states), ("issuer", ByIssuer), "created_at")
    search_help_text = "Its number, an exchange's id, a repository, a commit, a run, an address, or a project"
    finders = {
        searching.ID: lambda text: Q(exchange=text),
        searching.NUMBER: lambda text: Q(pk=int(text)),
        searching.PLACE: lambda text: Q(exchange__in=finders.newest(*finders.at_place(text))),
        searching.COMMIT: lambda text: Q(exchange__in=finders.newest(searching.commit(text))),
        searching.ADDRESS: lambda text: Q(exchange__in=finders.newest(Q(address=text))),
        searching.WORD: lambda text: Q(exchange__in=finders.newest(Q(run=text)) + finders.exchanges_of(text)),
    }
    fields = (
        "id",
        "state",
        "created_at",
        "expires_at",
        "exchange_link",
        "file_links",
        "project_links",
        "publisher_links",
        "issuer_url",
        "single_use",
        "burnt_at",
        "spent_at",
        "revoked_at",
        "revoked_reason",
        "redeemed",
        "redeemed_until",
    )

    def get_urls(self) -> list[URLPattern]:
        """The page that revokes many, of either kind."""
        page = path("revoke/", self.admin_site.admin_view(revoke.revoke), name="tokens_revoke")
        return [page, *super().get_urls()]

    @admin.display(description="projects")
    def covers(self, token: UploadToken) -> str:
        """The projects of its grants."""
        return ", ".join(sorted({grant["project"] for grant in token.grants}))

    @admin.display(description="exchange")
    def exchange_link(self, token: UploadToken) -> SafeString | str:
        """What gave it."""
        return links.link(token.exchange)

    @admin.display(description="files")
    def file_links(self, token: UploadToken) -> SafeString | str:
        """What was uploaded with it."""
        return links.several(token.provenance.defer("claims", "publisher")[: links.MOST])

    @admin.display(description="projects")
    def project_links(self, token: UploadToken) -> SafeString | str:
        """What it covers; names without a link are of projects that are gone, or still wait."""
        covered = sorted({grant["project"] for grant in token.grants})[: links.MOST]
        standing = Project.objects.in_bulk(covered, field_name="normalized_name")
        return links.lines(links.link(standing[name]) if name in standing else name for name in covered)

    @admin.display(description="publishers credited")
    def publisher_links(self, token: UploadToken) -> SafeString | str:
        """Those whose removal or change ends it."""
        ids = [grant["publisher"] for grant in token.grants[: links.MOST]]
        standing = Publisher.objects.select_related("issuer").in_bulk(ids)
        return links.lines(
            links.link(standing[key]) if key in standing else f"publisher {key}, which is gone" for key in ids
        )


@admin.register(ApiToken)
class ApiTokenAdmin(TokenAdmin):
    """A credential that a person created."""

    list_display = ("name", "username", "scopes", "limited", "created_at", "expires_at", "last_used_at", "state")
    list_filter = (filters.of_states("state", "state", api_token_states), "limited", "created_at")
    list_select_related = ("user",)
    search_help_text = "Its number, the exact name of its user, or its own name"
    finders = {
        searching.NUMBER: lambda text: Q(pk=int(text)),
        searching.WORD: lambda text: [Q(username=text), Q(name=text)],
    }
    fields = (
        "id",
        "name",
        "state",
        "user_link",
        "username",
        "scopes",
        "limited",
        "project_links",
        "file_links",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
        "revoked_reason",
    )

    def get_urls(self) -> list[URLPattern]:
        """The page that finds whatever is pasted."""
        page = path("find/", self.admin_site.admin_view(find.find), name="tokens_find")
        return [page, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """With its user, of whom it depends whether it lives."""
        return super().get_queryset(request).select_related("user")

    @admin.display(description="user")
    def user_link(self, token: ApiToken) -> SafeString | str:
        """Whose it is, while he is there."""
        return links.link(token.user)

    @admin.display(description="limited to")
    def project_links(self, token: ApiToken) -> SafeString | str:
        """The projects that it may open at most."""
        return links.several(token.projects.all()[: links.MOST]) if token.limited else "not limited"

    @admin.display(description="files")
    def file_links(self, token: ApiToken) -> SafeString | str:
        """What was uploaded with it."""
        return links.several(token.provenance.defer("claims", "publisher")[: links.MOST])


def _revoke(token: ApiToken | UploadToken, reason: str, actor: Actor) -> bool:
    return (
        revoke_api_token(token, reason, actor)
        if isinstance(token, ApiToken)
        else revoke_upload_token(token, reason, actor)
    )
