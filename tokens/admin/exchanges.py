"""Exchanges, and the way from each to its token, its files and its publishers."""

import json

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from publishers import errors
from publishers.admin.byissuer import ByIssuer
from publishers.models import Publisher
from publishers.providers import choices
from registry.admin import filters, links, searching
from registry.admin.base import pretty
from registry.admin.records import AuditAdmin
from registry.models import Event, Project
from tokens.admin import finders
from tokens.models import Exchange

CODES = sorted(
    {
        refused.code
        for refused in (
            errors.InvalidPublisher,
            errors.InvalidPendingPublisher,
            errors.InvalidReuseToken,
            errors.InvalidToken,
            errors.NotEnabled,
        )
    }
)


@admin.register(Exchange)
class ExchangeAdmin(AuditAdmin):
    """One attempt to turn an identity token into an upload token."""

    list_display = ("created_at", "outcome", "code", "provider", "place", "commit", "run", "address", "replays")
    list_filter = (
        filters.of_choices("outcome", "outcome", lambda: Exchange.Outcome.choices),
        filters.of_choices("code", "code", lambda: [(code, code) for code in CODES]),
        filters.of_choices("provider", "provider", choices),
        ("issuer", ByIssuer),
        "created_at",
    )
    search_help_text = "An id, a repository, a commit, a run, an address, or the name of a project"
    finders = {
        searching.ID: lambda text: Q(pk=text),
        searching.PLACE: finders.at_place,
        searching.COMMIT: searching.commit,
        searching.NUMBER: lambda text: Q(run=text),
        searching.ADDRESS: lambda text: Q(address=text),
        searching.WORD: lambda text: [Q(run=text), finders.of_project(text)],
    }
    fields = (
        "id",
        "created_at",
        "outcome",
        "code",
        "description",
        "upload_token_link",
        "file_links",
        "project_links",
        "publisher_links",
        "issuer_link",
        "provider",
        "place_link",
        "commit_link",
        "run_link",
        "address_link",
        "user_agent",
        "event_link",
        "identity",
        "identity_token_id",
        "key_id",
        "replays",
        "checks_shown",
        "claims_shown",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Exchange]:
        """With the issuer, and without its keys."""
        return super().get_queryset(request).select_related("issuer").defer("issuer__keys")

    @admin.display(description="workload")
    def place(self, exchange: Exchange) -> str:
        """The identity as people write it."""
        return place_of(exchange.identity)

    @admin.display(description="workload")
    def place_link(self, exchange: Exchange) -> SafeString:
        """All exchanges from there."""
        place = place_of(exchange.identity)
        return format_html(
            "{} · {}",
            links.to(links.list_of(Exchange, q=place), place),
            links.to(links.list_of(Publisher, q=place), "publishers there"),
        )

    @admin.display(description="upload token")
    def upload_token_link(self, exchange: Exchange) -> SafeString | str:
        """What it gave."""
        return links.link(getattr(exchange, "upload_token", None))

    @admin.display(description="files")
    def file_links(self, exchange: Exchange) -> SafeString | str:
        """What was uploaded with that."""
        return links.several(exchange.provenance.defer("claims", "publisher")[: links.MOST])

    @admin.display(description="projects")
    def project_links(self, exchange: Exchange) -> SafeString | str:
        """What it covered; names without a link are of projects that are gone, or still wait."""
        covered = exchange.projects[: links.MOST]
        standing = Project.objects.in_bulk(covered, field_name="normalized_name")
        return links.lines(links.link(standing[name]) if name in standing else name for name in covered)

    @admin.display(description="publishers compared")
    def publisher_links(self, exchange: Exchange) -> SafeString | str:
        """Those whose checks stand below."""
        ids = [record["publisher"] for record in exchange.checks[: links.MOST]]
        standing = Publisher.objects.select_related("issuer").in_bulk(ids)
        return links.lines(
            links.link(standing[key]) if key in standing else f"publisher {key}, which is gone" for key in ids
        )

    @admin.display(description="issuer")
    def issuer_link(self, exchange: Exchange) -> SafeString | str:
        """Whose word was taken."""
        return links.link(exchange.issuer, exchange.issuer_url) if exchange.issuer else exchange.issuer_url

    @admin.display(description="commit")
    def commit_link(self, exchange: Exchange) -> SafeString | str:
        """Where it can be looked at, and what else came from it."""
        kind = exchange.issuer.kind if exchange.issuer else None
        at = kind.links(exchange.claims).commit if kind else ""
        return _mark(exchange.commit, at)

    @admin.display(description="run")
    def run_link(self, exchange: Exchange) -> SafeString | str:
        """Where it can be looked at, and what else came from it."""
        kind = exchange.issuer.kind if exchange.issuer else None
        at = kind.links(exchange.claims).run if kind else ""
        return _mark(exchange.run, at)

    @admin.display(description="address")
    def address_link(self, exchange: Exchange) -> SafeString | str:
        """All exchanges from there."""
        address = exchange.address
        return links.to(links.list_of(Exchange, q=address), address) if address else links.NOTHING

    @admin.display(description="history")
    def event_link(self, exchange: Exchange) -> SafeString | str:
        """The events of its projects."""
        return links.lines(
            links.to(links.list_of(Event, q=name), f"events of {name}") for name in exchange.projects[:5]
        )

    @admin.display(description="checks")
    def checks_shown(self, exchange: Exchange) -> SafeString:
        """What was compared."""
        return pretty(exchange.checks)

    @admin.display(description="claims")
    def claims_shown(self, exchange: Exchange) -> SafeString:
        """What the identity token said."""
        return pretty(exchange.claims)


def place_of(identity: str) -> str:
    """``octo-org/sampleproject`` of its indexed form."""
    try:
        parts = json.loads(identity)
    except ValueError:
        return identity
    return "/".join(map(str, parts)) if isinstance(parts, list) and parts else identity


def _mark(text: str, at: str) -> SafeString | str:
    if not text:
        return links.NOTHING
    return format_html("{} {}", links.to(links.list_of(Exchange, q=text), text), links.outside(at) if at else "")
