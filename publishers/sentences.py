"""What people are told when an exchange is refused: what happened, why, and what to change and where.

The words for a field (its label, what to do in the job) are the provider's; nothing here knows a provider.
"""

from collections.abc import Callable, Sequence
from typing import Any

from publishers.providers.base import Provider
from publishers.providers.fields import AllowList, Check, Field, Flag, Glob, VersionTag

MAX_SHOWN = 200  # characters of a value
MAX_REASONS = 5  # why one publisher does not trust a token

# -- the identity token itself -------------------------------------------------------------------------------------


def other_credential(kind: type[Provider]) -> str:
    """The job sent another of its credentials: it has no identity token, or did not ask for one."""
    return f"This is a credential of {kind.label}, but not an identity token. {kind.how_to_ask}".strip()


def no_token() -> str:
    """The member ``token`` is empty: whatever should have asked for the identity token got none."""
    return (
        "The request body must have a member `token`, a string that is not empty. If the job got no identity token, "
        "give it the permission to ask for one (GitHub Actions: `permissions: id-token: write`; GitLab CI/CD: "
        "`id_tokens:`)."
    )


def wrong_audience(expected: str, got: str) -> str:
    """``got`` is what the token says, fit to be shown."""
    return (
        f"The claim `aud` is wrong: expected `{expected}`, got {got}. The token was issued for another service. "
        f"Ask the CI service for one with the audience `{expected}`."
    )


def no_audience(expected: str) -> str:
    """A token without ``aud``."""
    return (
        f"The token has no claim `aud`; expected `{expected}`. "
        f"Ask the CI service for a token with the audience `{expected}`."
    )


def expired() -> str:
    """``exp`` is over."""
    return "The claim `exp` is in the past: the token has expired. Ask the CI service for a new one right before use."


def used_before() -> str:
    """The redemption stands already."""
    return (
        "This identity token was used before: each is good for one exchange. Ask the CI service for a new one, and "
        "let every job that publishes ask for its own."
    )


# -- the job -------------------------------------------------------------------------------------------------------


def started_by_others(event: str, instead: Sequence[str]) -> str:
    """An event that runs with the repository's rights whoever caused it."""
    return (
        f"Publishing from a workflow that the event `{event}` started is not supported, because others can start it "
        f"with their own code. Publish from another event, such as {either(instead)}."
    )


# -- publishers ----------------------------------------------------------------------------------------------------


def nobody_trusts(place: str, issuer_url: str) -> str:
    """No publisher stands at this place."""
    return (
        f"No project of this registry trusts {place} at {issuer_url}. Add a publisher for {place} to the project, or "
        "correct the one that was meant: its names must be spelled as here."
    )


def these_do_not_trust(names: Sequence[str], place: str, issuer_url: str) -> str:
    """The same words whether such projects exist or not."""
    said = ", ".join(names)
    return (
        f"No publisher of {said} trusts {place} at {issuer_url}. Add one, or ask for a token for other projects only."
    )


def replaced(place: str, name: str | None, pin: str) -> str:
    """A pin differs; what the publisher's ids and other fields are is not told. ``name`` only if it was asked for."""
    return (
        f"{_a_publisher(name)} trusts {place}, but the claim `{pin}` is not the registered id: what has this name now "
        "is not what had it then. If that is known and wanted, an owner of the project removes the publisher and adds "
        "it anew."
    )


def unsaid(place: str, name: str | None, pin: str) -> str:
    """A pin is set, and the token does not say that claim."""
    return (
        f"{_a_publisher(name)} trusts {place}, but the token has no claim `{pin}`, of which an id is registered: it "
        "must say the registered id. Let the job ask for a token that has this claim."
    )


def transferred(place: str, name: str | None, pin: str) -> str:
    """The own pin of a repository (project, pipeline) agrees and its owner's does not."""
    return (
        f"{_a_publisher(name)} trusts what is {place} now, but the claim `{pin}` is not the registered id: it was "
        "transferred to another owner. If the new owner is to be trusted, an owner of the project removes the "
        f"publisher and adds one for {place} anew."
    )


def renamed(name: str, *, was: str, now: str) -> str:
    """All pins agree and the names do not."""
    return (
        f"A publisher of {name} trusts {was}, which is called {now} now: its ids are the registered ones. An owner of "
        f"the project accepts the new name in the publisher, or adds a publisher for {now}."
    )


def was_lost(name: str) -> str:
    """A pending publisher lost its name, which is free again by now."""
    return f"The name '{name}' could not be had for a while, which ended the pending publisher for it. Add a new one."


def _a_publisher(name: str | None) -> str:
    return f"A publisher of {name}" if name else "A publisher"


def differs(name: str, place: str, reasons: Sequence[str]) -> str:
    """A publisher of the same identity, and what is between it and the token."""
    said, more = list(reasons[:MAX_REASONS]), len(reasons) - MAX_REASONS
    if more > 0:
        said.append(f"So it is with {more} more.")
    return f"A publisher of {name} trusts {place}, but not this token. {' '.join(said)}"


def unmet(check: Check) -> str:
    """Why one check failed."""
    about = check.about
    if check.explained is not None:
        return check.explained(check)
    if about is None:
        return f"The publisher expects `{check.claim}` to be {either(check.expected)}; {_token_says(check)}."
    if isinstance(about, Flag):
        return _unset(check, about)
    if isinstance(about, VersionTag):
        return _other_tag(check, about)
    return _nothing(check, about) if check.actual in (None, "") else _another(check, about)


def _another(check: Check, about: Field) -> str:
    said, change = f"{lower(about.label)} {shown(check.actual)} (claim `{check.claim}`)", f"Change “{about.label}”"
    fix = _fix(check, about)
    if isinstance(about, AllowList):
        said, change = f"{shown(check.actual)} (claim `{check.claim}`)", f"Add it to “{about.label}”"
    return (
        f"This token comes from {said}. The publisher trusts {either(check.expected)}. {change} in the publisher, or "
        f"{fix}."
    )


def _nothing(check: Check, about: Field) -> str:
    return (
        f"This token names no {lower(about.label)} (claim `{check.claim}`). The publisher trusts "
        f"{either(check.expected)} only. Empty “{about.label}” in the publisher, or {_fix(check, about)}."
    )


def _unset(check: Check, about: Field) -> str:
    return (
        f"The publisher has “{about.label}” set and wants `{check.claim}` to be {either(check.expected)}; "
        f"{_token_says(check)}. Unset “{about.label}” in the publisher, or {_fix(check, about)}."
    )


def _other_tag(check: Check, about: Field) -> str:
    came = "does not come from a tag" if check.actual in (None, "") else f"comes from {shown(check.actual)}"
    return (
        f"This token {came} (claim `{check.claim}`). The publisher trusts tags of the form {either(check.expected)} "
        f"only. Change “{about.label}” in the publisher, or publish from such a tag."
    )


def _fix(check: Check, about: Field) -> str:
    if about.fix:
        return about.fix.replace("{expected}", str(check.expected))
    if isinstance(about, Flag):
        return "publish from a job of which that is true"
    where = "one of that form" if isinstance(about, Glob) else either(check.expected)
    return f"publish from {where}"


def called_unexpected(check: Check) -> str:
    """The steps are a reusable workflow's, and the publisher names none."""
    return (
        f"The job's steps are those of the reusable workflow {shown(check.actual)} (claim `{check.claim}`). The "
        f"publisher trusts steps of {shown(check.expected)} itself only. Name the reusable workflow in the publisher, "
        "or publish from a job that has its own steps."
    )


def called_another(check: Check) -> str:
    """The publisher names a reusable workflow, and the job did not call it."""
    return (
        f"The job's steps are those of {shown(check.actual)} (claim `{check.claim}`). The publisher trusts those of "
        f"the reusable workflow {shown(check.expected)} only. Change it in the publisher, or call that one from the "
        "job."
    )


def rule_unmet(check: Check) -> str:
    """A rule that a maintainer wrote about a claim whose meaning nobody here knows."""
    claim, trusted = shown(check.claim), either(check.expected)
    if check.actual in (None, ""):
        return (
            f"This token says nothing in the claim {claim}. The publisher trusts {trusted} only. Remove that rule from "
            "the publisher, or publish from a job whose token says it."
        )
    return (
        f"This token says {shown(check.actual)} in the claim {claim}. The publisher trusts {trusted} only. Change that "
        "rule in the publisher, or publish from a job whose token says it."
    )


def torn_rules(claim: str) -> str:
    """Two rules want one claim to be two things."""
    return (
        f"Two rules want the claim {shown(claim)} to be different things. Only a claim that is a list meets both: to "
        "trust the one or the other, add a publisher for each."
    )


# -- who is refused too often --------------------------------------------------------------------------------------

Limited = Callable[[str, int], str]


def address_is_limited(rate: str, seconds: int) -> str:
    """Refused before its signature was verified, as too many from this address were. ``rate``: such as 120/min."""
    return (
        f"This request is refused, and so were too many others from your address (the limit is {rate}): why is told "
        f"again in {seconds} seconds. A token that a publisher trusts is exchanged all the same."
    )


def identity_is_limited(rate: str, seconds: int) -> str:
    """Refused or only checked, as too many of the same workload were."""
    return (
        f"Too many tokens of this workload were refused or checked (the limit is {rate}): what is wrong with this one "
        f"is told again in {seconds} seconds. A token that a publisher trusts is exchanged all the same."
    )


# -- how values are shown ------------------------------------------------------------------------------------------


def either(values: Any) -> str:
    """```a` or `b```."""
    return " or ".join(shown(value) for value in (values if isinstance(values, list | tuple) else [values]))


def shown(value: Any) -> str:
    """A value that was found to be fit to be shown, in backquotes, and not too much of it."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"`{cut(text)}`"


def cut(text: str) -> str:
    """Not too much of a text."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _token_says(check: Check) -> str:
    return "the token has none" if check.actual in (None, "") else f"the token says {shown(check.actual)}"


def lower(label: str) -> str:
    """A label within a sentence; one that begins with an abbreviation stays as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
