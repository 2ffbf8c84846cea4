"""By what each file came."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from publishers.models import Publisher
from registry import names
from registry.admin import links, searching
from registry.admin.base import pretty
from registry.admin.records import AuditAdmin
from registry.models import Project
from tokens.admin import finders, rights
from tokens.models import Attested, Provenance


@admin.register(Provenance)
class ProvenanceAdmin(AuditAdmin):
    """By which token, publisher and claims a file came."""

    moment = "uploaded_at"
    list_display = ("filename", "project_name", "version", "uploader", "uploaded_at", "address")
    list_filter = ("uploaded_at",)
    search_help_text = "A file name, a SHA-256, a project, an exchange's id, a repository, a commit, a run, an address"
    finders = {
        searching.ID: lambda text: Q(exchange=text),
        searching.HASH: lambda text: Q(sha256=text.lower()),
        searching.ADDRESS: lambda text: Q(address=text),
        searching.PLACE: lambda text: Q(exchange__in=finders.newest(*finders.at_place(text))),
        searching.COMMIT: lambda text: Q(exchange__in=finders.newest(searching.commit(text))),
        searching.NUMBER: lambda text: Q(exchange__in=finders.newest(Q(run=text))),
        searching.WORD: lambda text: [
            Q(filename=text),
            Q(project_name=names.normalize(text)),
            Q(uploader=text),
        ],
    }
    fields = (
        "filename",
        "sha256",
        "file_link",
        "project_link",
        "version",
        "uploaded_at",
        "uploader",
        "exchange_link",
        "upload_token_link",
        "api_token_link",
        "publisher_link",
        "address",
        "publisher_shown",
        "claims_shown",
        "attestations_shown",
    )

    def get_urls(self) -> list[URLPattern]:
        """The page that says who could have uploaded others."""
        page = path("who/", self.admin_site.admin_view(require_safe(rights.who)), name="tokens_who")
        return [page, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provenance]:
        """Without what only a page shows."""
        return super().get_queryset(request).defer("claims", "publisher")

    @admin.display(description="file now")
    def file_link(self, provenance: Provenance) -> SafeString | str:
        """The file, while it is there."""
        return links.link(provenance.file)

    @admin.display(description="project")
    def project_link(self, provenance: Provenance) -> SafeString | str:
        """The project of that name, if there is one."""
        name = provenance.project_name
        project = Project.objects.filter(normalized_name=name).first()
        others = links.to(links.list_of(Provenance, q=name), f"all files of {name}")
        return links.lines([links.link(project) if project else name, others])

    @admin.display(description="exchange")
    def exchange_link(self, provenance: Provenance) -> SafeString | str:
        """What gave the token."""
        return links.link(provenance.exchange)

    @admin.display(description="upload token")
    def upload_token_link(self, provenance: Provenance) -> SafeString | str:
        """What opened the upload, or a dash for an API token."""
        return links.link(provenance.upload_token)

    @admin.display(description="API token")
    def api_token_link(self, provenance: Provenance) -> SafeString | str:
        """What opened the upload, or a dash for an upload token."""
        return links.link(provenance.api_token)

    @admin.display(description="publisher now")
    def publisher_link(self, provenance: Provenance) -> SafeString | str:
        """The publisher, while it stands."""
        key = provenance.publisher.get("id")
        return links.link(Publisher.objects.select_related("issuer").filter(pk=key).first()) if key else links.NOTHING

    @admin.display(description="publisher then")
    def publisher_shown(self, provenance: Provenance) -> SafeString:
        """The publisher as it was."""
        return pretty(provenance.publisher)

    @admin.display(description="claims")
    def claims_shown(self, provenance: Provenance) -> SafeString:
        """What the identity token said."""
        return pretty(provenance.claims)

    @admin.display(description="attestations")
    def attestations_shown(self, provenance: Provenance) -> SafeString | str:
        """The provenance document that is served with the file (PEP 740)."""
        attested = Attested.objects.filter(provenance=provenance).first()
        return pretty(attested.document) if attested is not None else links.NOTHING
