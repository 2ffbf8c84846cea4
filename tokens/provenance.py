"""What a stored file leaves behind: by which token, publisher and claims it came."""

from typing import Any

from django.utils import timezone

from publishers import pending
from publishers.models import Publisher
from registry.actors import Actor
from registry.models import Event, File, Project
from registry.signals import file_uploaded, project_created
from tokens import telling
from tokens.credentials import ApiTokenCredential, UploadTokenCredential
from tokens.models import Attested, Exchange, Provenance, UploadToken


def connect() -> None:
    """Hear of new projects and files, inside the transactions that store them."""
    project_created.connect(reify_publisher, dispatch_uid="reify the credited pending publisher")
    file_uploaded.connect(record, dispatch_uid="record the provenance of a file")


def reify_publisher(project: Project, credential: Any, actor: Actor, **_kwargs: Any) -> None:
    """The pending publisher whose first upload made the project becomes its trusted publisher."""
    if isinstance(credential, UploadTokenCredential):
        publisher = credential.publishers[project.normalized_name]
        pending.reify(publisher, project, actor)
        _carry_over(credential.token.exchange, publisher, project)


def _carry_over(exchange: Exchange | None, publisher: Publisher, project: Project) -> None:
    """The exchange stands in the history of the user who waited; from now on in that of the project that it made."""
    if exchange is None:
        return
    actor = Actor(f"{publisher.issuer.kind.label}: {publisher.place}", address=exchange.address)
    line = Event.line(
        "project:oidc:exchange-granted",
        actor,
        project=project,
        exchange=str(exchange.pk),
        publisher=publisher.pk,
        provider=publisher.issuer.provider,
    )
    line.time = exchange.created_at
    line.save(force_insert=True)


def record(file: File, credential: Any, actor: Actor, provenance: dict[str, Any] | None, **_kwargs: Any) -> None:
    """Write the file's provenance and its attestations, and mark what its upload used up."""
    project = file.release.project
    row = Provenance(
        file=file,
        filename=file.filename,
        sha256=file.sha256,
        project_name=project.normalized_name,
        version=file.release.version,
        uploaded_at=file.uploaded_at,
        uploader=actor.name[:300],
        address=actor.address,
    )
    if isinstance(credential, UploadTokenCredential):
        _credit(row, credential.token, credential.publishers[project.normalized_name])
    elif isinstance(credential, ApiTokenCredential):
        row.api_token = credential.token
        telling.api_token_used(credential.token, file, actor)
    row.save(force_insert=True)
    if provenance is not None:
        Attested.objects.create(provenance=row, document=provenance)


def _credit(provenance: Provenance, token: UploadToken, publisher: Publisher) -> None:
    exchange = token.exchange
    provenance.upload_token = token
    provenance.exchange = exchange
    provenance.uploader = str(publisher)[:300]
    provenance.claims = exchange.claims if exchange is not None else {}
    provenance.publisher = {
        "id": publisher.pk,
        "provider": publisher.issuer.provider,
        "issuer": publisher.issuer.url,
        "description": publisher.description,
        "fields": publisher.values,
    }
    Publisher.objects.filter(pk=publisher.pk, first_upload_at__isnull=True).update(first_upload_at=timezone.now())
    if token.single_use:
        UploadToken.objects.filter(pk=token.pk).update(spent_at=timezone.now())
