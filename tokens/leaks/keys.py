"""The public keys that reports are signed with, kept in the cache that all workers share."""

import datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from publishers import fetch
from publishers.fetch import FetchFailed
from tokens.leaks.errors import KeysUnavailable, WrongSignature

KEYS, ASKED = "disclosure-keys", "disclosure-keys-asked"
# As an issuer's keys: asked for anew after an hour, used for a day if they cannot be had, and asked for at most once a
# minute, whoever names an unknown one.
FRESH = datetime.timedelta(hours=1)
LIFETIME, PAUSE = 24 * 60 * 60, 60  # seconds
MAX_KEYS = 50


def find(key_id: str) -> EllipticCurvePublicKey:
    """The key of that identifier. Raises WrongSignature when there is none, KeysUnavailable when nobody can tell."""
    stored = cache.get(KEYS)
    if not _is_fresh(stored) or key_id not in stored["keys"]:
        stored = _fetched() or stored
    if stored is None:
        raise KeysUnavailable("The keys that reports are signed with cannot be had now.")
    if key_id not in stored["keys"]:
        raise WrongSignature("The report is signed with a key that is not known.")
    key = load_pem_public_key(stored["keys"][key_id].encode())
    assert isinstance(key, EllipticCurvePublicKey)
    return key


def _is_fresh(stored: Any) -> bool:
    return stored is not None and timezone.now() - stored["at"] < FRESH


def _fetched() -> Any:
    """What DISCLOSURE_KEYS_URL says now; None if it was asked a moment ago or does not answer."""
    if cache.get(ASKED) or not cache.add(ASKED, 1, PAUSE):
        return None
    try:
        answer = fetch.get_json(
            settings.DISCLOSURE_KEYS_URL, bearer=settings.DISCLOSURE_API_TOKEN or None, allow_http_loopback=True
        )
    except FetchFailed:
        return None
    found = _usable(answer.document) if answer.status == 200 else {}
    if not found:
        return None
    stored = {"at": timezone.now(), "keys": found}
    cache.set(KEYS, stored, LIFETIME)
    return stored


def _usable(document: Any) -> dict[str, str]:
    """``{"public_keys": [{"key_identifier", "key": PEM}, …]}`` as a table; what is no key on P-256 is left out."""
    listed = document.get("public_keys") if isinstance(document, dict) else None
    entries = [entry for entry in listed or () if isinstance(entry, dict)] if isinstance(listed, list) else []
    named = {str(entry.get("key_identifier", "")): str(entry.get("key")) for entry in entries[:MAX_KEYS]}
    return {name: pem for name, pem in named.items() if name and _is_p256(pem)}


def _is_p256(pem: str) -> bool:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
