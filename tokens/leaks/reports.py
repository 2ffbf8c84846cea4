"""A report, once its signature is that of the service which sends them, and what is done about each token in it."""

import base64
import binascii
import logging
import re
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from django.views.decorators.debug import sensitive_variables

from registry import strictjson
from registry.actors import Actor
from tokens import revoking, secrets
from tokens.leaks import keys
from tokens.leaks.errors import WrongReport, WrongSignature
from tokens.models import ApiToken, UploadToken

MAX_TOKENS = 500
MAX_PLACE = 150  # characters that are kept of where a token was found
MAX_TEXT = 1000
REPORTER = "leak disclosure"
logger = logging.getLogger(__name__)
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_UNSHOWABLE = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True)
class Found:
    """A token as it was found. ``text`` is the token itself."""

    text: str = field(repr=False)
    kind: str  # as the reporter calls it
    place: str  # where it was found, fit to be shown


@sensitive_variables()
def read(body: bytes, key_id: str, signature: str) -> list[Found]:
    """The tokens of a report; an entry without one is passed over. Raises ReportRefused."""
    _verify(body, key_id, signature)
    try:
        listed = strictjson.parse(body)
    except strictjson.NotStrict as wrong:
        raise WrongReport(f"The report is not valid JSON: {wrong}") from None
    entries = [entry for entry in listed if _is_entry(entry)] if isinstance(listed, list) else []
    if listed != [] and not entries:
        raise WrongReport("A report is a list of objects with the strings `token`, `type` and `url`.")
    if len(listed) > MAX_TOKENS:
        raise WrongReport(f"A report may have at most {MAX_TOKENS} tokens.")
    if len(entries) < len(listed):
        logger.warning("%d of %d entries of a report hold no token", len(listed) - len(entries), len(listed))
    return [Found(entry["token"], _kind(entry), _place(entry)) for entry in entries]


@sensitive_variables()
def end(found: Found, address: str | None) -> bool:
    """Revoke a token that was found, tell the people concerned, and say whether it is one of this registry's."""
    text = found.text.strip()
    if secrets.kind_of(text) is None:
        return False
    digest, actor = secrets.digest(text), Actor(REPORTER, address=address)
    reason = f"Found in public: {found.place}"
    api_tokens = list(ApiToken.objects.select_related("user").filter(digest=digest))
    upload_tokens = list(UploadToken.objects.filter(digest=digest))
    for api_token in api_tokens:
        revoking.revoke_api_token(api_token, reason, actor)
    for upload_token in upload_tokens:
        revoking.revoke_upload_token(upload_token, reason, actor)
    return bool(api_tokens or upload_tokens)


def _verify(body: bytes, key_id: str, signature: str) -> None:
    """ECDSA on P-256 with SHA-256 over the whole body, in base64."""
    try:
        signed = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        signed = b""
    if not signed or not _KEY_ID.fullmatch(key_id):
        raise WrongSignature("A report needs the headers that say which key signed it, and its signature.")
    try:
        keys.find(key_id).verify(signed, body, ECDSA(SHA256()))
    except InvalidSignature:
        raise WrongSignature("The signature of the report is wrong.") from None


def _is_entry(entry: Any) -> bool:
    """A token shall end whatever else is said of it, and whatever stands beside it."""
    return isinstance(entry, dict) and isinstance(entry.get("token"), str)


def _kind(entry: dict[str, Any]) -> str:
    kind = entry.get("type")
    return kind[:MAX_TEXT] if isinstance(kind, str) else ""


def _place(entry: dict[str, Any]) -> str:
    url = entry.get("url")
    said = [url if url and isinstance(url, str) else "somewhere", entry.get("source")]
    shown = [_UNSHOWABLE.sub("?", text) for text in said if isinstance(text, str)]
    place = shown[0][:MAX_PLACE]
    return f"{place} ({shown[1][:40]})" if len(shown) > 1 else place
