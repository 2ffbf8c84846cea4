"""From the attestations of an upload to the provenance document (PEP 740) that is kept with the file."""

from typing import Any

from publishers.models import Publisher
from registry.uploads.errors import InvalidAttestations
from tokens.attestations import reading
from tokens.models import Exchange

# Extensions of a certificate: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
REPOSITORY_ID, OWNER_ID = "1.3.6.1.4.1.57264.1.15", "1.3.6.1.4.1.57264.1.17"
WITHOUT = "Upload without them: uv publish --no-attestations, or twine upload without --attestations."


def refuse_api_token() -> InvalidAttestations:
    """Attestations say which job made a file; nobody knows that of who uploads with an API token."""
    return InvalidAttestations(f"Attestations are only taken with trusted publishing, not with an API token. {WITHOUT}")


def provenance_of(
    filename: str, sha256: str, publisher: Publisher, exchange: Exchange | None, unverified_attestations: str
) -> dict[str, Any]:
    """The document of a file's attestations, which the credited publisher must have made. InvalidAttestations else."""
    kind, claims = publisher.issuer.kind, exchange.claims if exchange is not None else {}
    attester = kind.attester(publisher.values, claims)
    if attester is None:
        raise InvalidAttestations(
            f"Those of {kind.label} at {publisher.issuer.url} cannot be verified: Sigstore's public instance does not "
            f"certify its jobs, or PyPI's format has no place for them. {WITHOUT}"
        )
    unverified = reading.attestations_in(unverified_attestations)
    from tokens.attestations import verifying  # much memory, which most processes never need

    ids = _ids(publisher) if "repository" in attester else {}
    expected = verifying.Expected(filename, sha256, attester, ids)
    verified = verifying.verified(unverified, expected)
    # PEP 740, "Appendix 3": a publisher has its kind, what is its kind's own, and claims or null.
    return {
        "version": 1,
        "attestation_bundles": [{"publisher": {**attester, "claims": None}, "attestations": verified}],
    }


def _ids(publisher: Publisher) -> dict[str, str]:
    """The pinned ids as certificates name them: a repository of the same name is not the same repository."""
    extensions = {pin.name: OWNER_ID if pin.of_owner else REPOSITORY_ID for pin in publisher.issuer.kind.pins}
    return {extensions[name]: str(pinned) for name, pinned in publisher.pins.items() if name in extensions and pinned}
