"""What comes in at the exchange's endpoints, and what goes out."""

from typing import Any

from packaging.utils import NormalizedName

from publishers import sentences
from publishers.errors import InvalidPayload, Refused
from publishers.matching import MAX_PROJECTS, Match
from registry.names import is_valid, normalize
from tokens.checking import Checked
from tokens.exchange import Wanted
from tokens.redemption import Granted

SINGLE_USE, MULTI_USE = "single-use-token", "multi-use-token"
FEATURES = (SINGLE_USE, MULTI_USE)


def token_in(payload: Any) -> str:
    """The ``token`` member of a request. Raises InvalidPayload."""
    if not isinstance(payload, dict):
        raise InvalidPayload("The request body must be a JSON object.")
    token = payload.get("token")
    if not isinstance(token, str) or not token:
        raise InvalidPayload(sentences.no_token())
    return token


def wanted_in(payload: dict[str, Any]) -> Wanted:
    """The optional ``projects`` and ``features`` members. Raises InvalidPayload."""
    return Wanted(projects=_projects(payload.get("projects")), single_use=_single_use(payload.get("features")))


def _projects(names: Any) -> frozenset[NormalizedName] | None:
    if names is None:
        return None
    if not isinstance(names, list) or not 1 <= len(names) <= MAX_PROJECTS:
        raise InvalidPayload(f"`projects` must be a list of 1 to {MAX_PROJECTS} project names.")
    if not all(isinstance(name, str) and is_valid(name) for name in names):
        raise InvalidPayload("`projects` must hold valid project names only.")
    return frozenset(normalize(name) for name in names)


def _single_use(features: Any) -> bool:
    if features is None:
        return False
    if not isinstance(features, list) or not all(feature in FEATURES for feature in features):
        raise InvalidPayload(f"`features` must be a list of these: {', '.join(FEATURES)}.")
    if len(set(features)) > 1:
        raise InvalidPayload(f"`features` cannot hold both {SINGLE_USE} and {MULTI_USE}.")
    return SINGLE_USE in features


def grant_out(granted: Granted) -> dict[str, Any]:
    """The body of a granted exchange: ``expires`` in unix seconds."""
    return {
        "success": True,
        "token": granted.text,
        "expires": int(granted.expires_at.timestamp()),
        "projects": granted.projects,
        "exchange": granted.exchange_id,
    }


def check_out(checked: Checked) -> dict[str, Any]:
    """The body of a check."""
    return {
        "would_mint": checked.would_mint,
        "projects": checked.projects,
        "publishers": [_publisher_out(match, checked.wanted) for match in checked.matches],
        "errors": [{"code": refusal.code, "description": refusal.description} for refusal in checked.refusals],
    }


def _publisher_out(match: Match, wanted: Wanted) -> dict[str, Any]:
    """A publisher held against the token. Where a pin differs it is another's: only the failing pin is told."""
    named = match.name in (wanted.projects or ())
    out: dict[str, Any] = {"project": match.name, "provider": match.publisher.issuer.provider}
    if match.is_another:
        failing = [pin.as_dict() for pin in match.pins if not pin.ok]
        return {**out, "project": match.name if named else None, "fields": {}, "checks": failing}
    checks = [check.as_dict() for check in match.checks + match.pins]
    if match.dead is not None:
        checks.append({"claim": "publisher", "expected": "in use", "actual": match.dead, "ok": False})
    return {**out, "fields": match.publisher.values, "checks": checks}


def refusal_out(refusal: Refused, *, problem: bool) -> dict[str, Any]:
    """The body of a refusal; as a problem document it also has the members of RFC 9457."""
    body: dict[str, Any] = {
        "message": refusal.message,
        "errors": [{"code": refusal.code, "description": refusal.description}],
    }
    if refusal.exchange:
        body["exchange"] = refusal.exchange
    if problem:
        body |= {
            "type": "about:blank",
            "status": refusal.status,
            "title": refusal.message,
            "detail": refusal.description,
        }
    return body
