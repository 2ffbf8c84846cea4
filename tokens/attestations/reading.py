"""The form field ``attestations``, read as far as it can be without looking at a signature."""

from typing import Any

from registry import strictjson
from registry.uploads.errors import InvalidAttestations

# One of each kind that is taken, as on PyPI. A real one has about 6 kB.
MOST = 2
MAX_SIZE = MOST * 64 * 1024


def attestations_in(unverified_text: str) -> list[dict[str, Any]]:
    """The attestation objects of the field. Raises InvalidAttestations."""
    if len(unverified_text) > MAX_SIZE:
        raise InvalidAttestations(f"they may have {MAX_SIZE // 1024} KiB.")
    try:
        found = strictjson.parse(unverified_text)
    except strictjson.NotStrict as wrong:
        raise InvalidAttestations(f"Malformed attestations: {wrong}.") from wrong
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise InvalidAttestations("Malformed attestations: they must be a JSON array of objects.")
    if not found:
        raise InvalidAttestations("Malformed attestations: an empty list. Leave the field out to upload without any.")
    if len(found) > MOST:
        raise InvalidAttestations(f"A file may have at most {MOST} attestations, one of each predicate type.")
    return found
