"""Whether attestations are what they say: PEP 740, "Attestation verification", by pypi-attestations and sigstore.

The log entry, the certificate, its signature and its identity are looked at by ``Verifier``; what the statement says
of the file is looked at here. Which claims a certificate has:
https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from pydantic import TypeAdapter, ValidationError
from pypi_attestations import Attestation, AttestationError, AttestationType, Publisher
from sigstore.dsse import Envelope, _Statement
from sigstore.errors import Error as SigstoreError
from sigstore.errors import VerificationError
from sigstore.verify import Verifier
from sigstore.verify.policy import VerificationPolicy

from registry.uploads.errors import InvalidAttestations
from tokens.attestations import trust

logger = logging.getLogger(__name__)

_KNOWN = frozenset(kind.value for kind in AttestationType)
_PUBLISHER: TypeAdapter[Any] = TypeAdapter(Publisher)


@dataclass(frozen=True)
class Expected:
    """Of which file attestations must speak, and who must have signed them."""

    filename: str
    sha256: str
    publisher: Mapping[str, str | None]
    ids: Mapping[str, str]  # what certificates must say where they say it, by extension


def verified(unverified: list[dict[str, Any]], expected: Expected) -> list[dict[str, Any]]:
    """The attestations as they were verified, and nothing else of what came. Raises InvalidAttestations."""
    policy, verifier = _PUBLISHER.validate_python(dict(expected.publisher))._as_policy(), trust.verifier()
    attestations = [_parsed(each) for each in unverified]
    kinds = []
    for attestation in attestations:
        statement = _statement_in(_signed_payload(attestation, policy, verifier))
        _check_ids(attestation, expected)
        _check_subject(statement, expected)
        kinds.append(_kind_of(statement))
    for kind in kinds:
        if kinds.count(kind) > 1:
            raise InvalidAttestations(f"There are several with the predicate type {kind}; there may be one of each.")
    return [attestation.model_dump(mode="json") for attestation in attestations]


def _parsed(unverified: dict[str, Any]) -> Attestation:
    try:
        attestation = Attestation.model_validate(unverified)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InvalidAttestations(f"Malformed attestations: {where}: {first['msg']}.") from wrong
    if len(attestation.verification_material.transparency_entries) > 1:
        # Only the first one would be looked at.
        raise InvalidAttestations("Malformed attestations: there may be one transparency log entry in each.")
    return attestation


def _signed_payload(attestation: Attestation, policy: VerificationPolicy, verifier: Verifier) -> bytes:
    """What the attestation says, once its signature, its certificate and its log entry were verified."""
    try:
        bundle = attestation.to_bundle()
        if not isinstance(bundle.signing_certificate.public_key(), EllipticCurvePublicKey):
            raise VerificationError("the certificate has a key of a kind that Sigstore does not certify")
        kind, payload = verifier.verify_dsse(bundle, policy)
    except (AttestationError, SigstoreError) as wrong:
        raise _not_verified(str(wrong)) from wrong
    except Exception as wrong:  # bytes of a stranger, deep in two libraries: whatever it is, they do not hold
        logger.info("An attestation could not be looked at", exc_info=True)
        raise _not_verified("it cannot be read") from wrong
    if kind != Envelope._TYPE:
        raise _not_verified("the envelope holds no statement")
    return payload


def _statement_in(payload: bytes) -> _Statement:
    try:
        return _Statement.model_validate_json(payload)
    except ValidationError as wrong:
        raise _not_verified("what was signed is no statement") from wrong


def _check_ids(attestation: Attestation, expected: Expected) -> None:
    """The verified certificate's ids. What it does not say is not missed: it was issued for this publisher's names."""
    claims = attestation.certificate_claims
    if any(claims.get(extension, wanted) != wanted for extension, wanted in expected.ids.items()):
        raise _not_verified("the certificate is of another repository or owner that had the same name")


def _check_subject(statement: _Statement, expected: Expected) -> None:
    """PEP 740: one subject, with the file's name and its SHA-256."""
    if len(statement.subjects) != 1:
        raise _not_verified("a statement must have one subject")
    subject = statement.subjects[0]
    if not _same_file(subject.name or "", expected.filename):
        raise _not_verified(f"the attestation is of the file {str(subject.name)[:250]!r}, not of this one")
    if subject.digest.root.get("sha256") != expected.sha256:
        raise _not_verified("the attestation is of other bytes under this file name")


def _same_file(unverified_name: str, filename: str) -> bool:
    """Whether both name one file: builders differ in how they write names and versions, as PyPI allows."""
    parse: Any = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
    try:
        return bool(parse(unverified_name) == parse(filename))
    except ValueError:
        return unverified_name == filename


def _kind_of(statement: _Statement) -> str:
    """Its predicate type, if PyPI takes it."""
    if statement.predicate_type not in _KNOWN:
        raise InvalidAttestations(f"The predicate type {statement.predicate_type[:200]} is not taken here.")
    return statement.predicate_type


def _not_verified(why: str) -> InvalidAttestations:
    return InvalidAttestations(f"Could not verify the uploaded file using the included attestation: {why}.")
