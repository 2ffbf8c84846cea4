"""What an upload asks of whatever authenticated it (``request.auth``)."""

from typing import Any, Protocol, runtime_checkable

from registry.actors import Actor
from registry.models import Project, User


@runtime_checkable
class UploadCredential(Protocol):
    """An upload token or an API token, as the upload sees it."""

    def opens(self, scope: str) -> bool:
        """Whether it opens anything of that kind; asked with ``upload`` before the body is read."""

    def locked(self, name: str) -> "UploadCredential":
        """The same credential read anew under a row lock, inside the transaction that stores a file of ``name``.

        Raises InvalidCredentials when it has died meanwhile.
        """

    def check_upload(self, project: Project, version: str) -> None:
        """Raise NotAllowed unless this credential may upload ``version`` (PEP 440) to an existing project."""

    def owners_of_new(self, name: str, version: str) -> list[User]:
        """Who will own the project ``name``, which does not exist yet; UploadRefused if it must not be created."""

    def attested(self, name: str, filename: str, sha256: str, unverified_attestations: str) -> dict[str, Any]:
        """The provenance document (PEP 740) of a file that may be uploaded to ``name``, its attestations verified.

        Asked before the transaction. Raises InvalidAttestations.
        """

    def actor(self, address: str | None) -> Actor:
        """Whom the history names for this upload."""
