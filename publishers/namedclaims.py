"""Which claims an administrator may name for an issuer: those that say which workload it is, and the pinned ones.

A publisher's form has one field for each, of the claim's own name: that is why some names must be spelled otherwise.
"""

from collections.abc import Iterator, Sequence

from publishers import claimnames
from publishers.forms import OWN_FIELDS
from publishers.models import Issuer, Publisher

MAX_NAMED = 10
# What the publisher's form and the apply file call other things, or what forms carry besides.
RESERVED = frozenset(
    {
        *OWN_FIELDS,
        "claims",
        "csrfmiddlewaretoken",
        "expires",
        "issuer",
        "issuer_url",
        "project",
        "provider",
        "publisher",
        "user",
        "username",
    }
)
_RESERVED_BEGINNINGS = ("_", "claims-")
# RFC 7519 section 4.1, but for "sub": in all tokens of an issuer they are the same, or in no two of them.
_NAME_NO_WORKLOAD = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})


class ClaimsInUse(Exception):
    """Publishers hang off an issuer's identity claims; the message is a sentence."""

    def __init__(self, issuer: Issuer) -> None:
        claims = ", ".join(issuer.identity_claims)
        super().__init__(
            f"Publishers of this issuer are known by its identity claims ({claims}): these cannot change any more. "
            "Remove the publishers first."
        )


def check_unused(issuer: Issuer, identity_claims: Sequence[str]) -> None:
    """Raise ClaimsInUse if ``identity_claims`` differ from the issuer's while publishers hang off those."""
    if {*issuer.identity_claims} != {*identity_claims} and Publisher.objects.standing().filter(issuer=issuer).exists():
        raise ClaimsInUse(issuer)


def problems(identity: Sequence[str], pinned: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the names: the issuer's field, and a sentence."""
    if not identity:
        yield "identity_claims", "Name at least one claim that says which workload it is: nobody trusts a whole issuer."
    seen: dict[tuple[str, ...], str] = {}
    for field, names in (("identity_claims", identity), ("pinned_claims", pinned)):
        if len(names) > MAX_NAMED:
            yield field, f"Name at most {MAX_NAMED} claims."
        for name in names[:MAX_NAMED]:
            problem = _problem(name)
            if problem is None and claimnames.path_of(name) in seen:
                problem = f"“{name}” and “{seen[claimnames.path_of(name)]}” are the same claim: name it once."
            seen.setdefault(claimnames.path_of(name), name)
            if problem:
                yield field, problem


def _problem(name: str) -> str | None:
    malformed = claimnames.problem_of(name)
    if malformed:
        return f"“{name}”: {malformed}"
    if "," in name or name.split() != [name]:
        return f"“{name}”: a name may hold no comma and no white space here."
    if claimnames.path_of(name)[0] in _NAME_NO_WORKLOAD:
        return f"“{name}” says nothing of a workload: it is the same in all tokens of an issuer, or in no two of them."
    if name in RESERVED or name.startswith(_RESERVED_BEGINNINGS):
        return (
            f"“{name}” is a field of its own in forms: write “{claimnames.pointer_to(name)}”, which is the same claim."
        )
    return None
