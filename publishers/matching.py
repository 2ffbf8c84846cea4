"""Which publishers a token matches, and, where none does, why not.

One algorithm walks the provider's fields for every provider. Its list of checks is what the exchange, its record
and the refusal's sentence are views of.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from packaging.utils import NormalizedName

from publishers.errors import InvalidPendingPublisher, InvalidPublisher
from publishers.models import Issuer, Publisher
from publishers.providers.base import Check, Reading, VersionTag
from registry.creation import NameRefused, check_name

MAX_PROJECTS = 100  # that one upload token covers
# How many publishers at one place are compared: far more than one repository has, and a bound on what strangers add.
MAX_CANDIDATES = 1000


@dataclass(frozen=True)
class Match:
    """A publisher held against a token."""

    publisher: Publisher
    checks: tuple[Check, ...]
    pins: tuple[Check, ...]
    dead: str | None  # why the publisher cannot be used, as a sentence

    @property
    def name(self) -> str:
        """The normal name of the project, existing or waited for."""
        return self.publisher.normalized_name

    @property
    def ok(self) -> bool:
        """Fails closed: a publisher without a single check matches nothing."""
        return self.dead is None and bool(self.checks) and all(check.ok for check in self.checks + self.pins)

    @property
    def version(self) -> str | None:
        """The only version that may be uploaded, where a version tag says so."""
        for field in self.publisher.issuer.kind.fields:
            form = self.publisher.values.get(field.name)
            if isinstance(field, VersionTag) and form:
                return next((field.version(form, str(c.actual)) for c in self.checks if c.expected == form), None)
        return None


def candidates(issuer: Issuer, reading: Reading, wanted: Collection[NormalizedName] | None) -> list[Publisher]:
    """The publishers at the place that the token speaks of, at ``wanted`` projects only if given."""
    standing = Publisher.objects.at(issuer, issuer.kind.identity(reading))
    if wanted is not None:
        standing = standing.filter(normalized_name__in=wanted)
    found = list(standing[:MAX_CANDIDATES])
    for publisher in found:
        publisher.issuer = issuer
    return found


def hold(publisher: Publisher, reading: Reading) -> Match:
    """Compare one publisher with what the token says, field by field."""
    kind = publisher.issuer.kind
    checks = [field.check(publisher.values.get(field.name), reading) for field in kind.fields]
    pins = [
        Check(
            pin.name,
            "the registered id",
            reading.get(pin.name),
            publisher.pins[pin.name] == reading.get(pin.name),
        )
        for pin in kind.pins
        if publisher.pins.get(pin.name)
    ]
    return Match(publisher, tuple(check for check in checks if check is not None), tuple(pins), publisher.why_dead())


def credited(
    issuer: Issuer, found: Iterable[Publisher], reading: Reading, wanted: Collection[NormalizedName] | None
) -> list[Match]:
    """One match for each project that the token may publish to, at most 100, those uploaded to first.

    Raises InvalidPublisher or InvalidPendingPublisher with the reason when there is none, or not one for each
    of ``wanted``.
    """
    forbidden = issuer.kind.forbid(reading)
    if forbidden:
        raise InvalidPublisher(forbidden)
    held = [hold(publisher, reading) for publisher in found]
    chosen = _most_constrained([match for match in held if match.ok])
    usable, refused = _usable(list(chosen.values())[:MAX_PROJECTS])
    missing = set(wanted or ()) - {match.name for match in usable}
    if not usable or missing:
        raise _refusal(issuer, reading, held, missing, refused)
    return usable


def _most_constrained(matching: list[Match]) -> dict[str, Match]:
    """The credited match of each project, in the order in which the projects come."""
    best: dict[str, Match] = {}
    for match in matching:
        other = best.get(match.name)
        if other is None or _rank(match) > _rank(other):
            best[match.name] = match
    return best


def _rank(match: Match) -> tuple[bool, int, int]:
    publisher = match.publisher
    return (not publisher.is_pending, publisher.constraint_count(), -publisher.pk)


def _usable(matches: list[Match]) -> tuple[list[Match], dict[str, str]]:
    """Leave out pending publishers whose name is no longer free, with the reason for each."""
    usable, refused = [], {}
    for match in matches:
        reason = _name_problem(match.publisher) if match.publisher.is_pending else None
        if reason is None:
            usable.append(match)
        else:
            refused[match.name] = reason
    return usable, refused


def _name_problem(publisher: Publisher) -> str | None:
    user = publisher.added_by
    if user is None or not user.is_active:
        return "The user who waits for this project is no longer active."
    try:
        check_name(publisher.project_name, [user])
    except NameRefused as reason:
        return str(reason)
    return None


def _refusal(
    issuer: Issuer, reading: Reading, held: list[Match], missing: set[NormalizedName], refused: dict[str, str]
) -> InvalidPublisher | InvalidPendingPublisher:
    about = [match for match in held if not missing or match.name in missing]
    failing = [match for match in about if not match.ok]
    if refused and not failing:
        return InvalidPendingPublisher(" ".join(refused.values()))
    place = issuer.kind.place(reading)
    silent = missing - {match.name for match in about}
    if silent:
        return InvalidPublisher(f"No publisher of {', '.join(sorted(silent))} trusts {place} at {issuer.url}.")
    if not failing:
        return InvalidPublisher(f"No project of this registry trusts {place} at {issuer.url}.")
    nearest = min(failing, key=lambda match: (any(not c.ok for c in match.pins), _failures(match)))
    return InvalidPublisher(f"A publisher of {nearest.name} trusts {place}, but: {explain(nearest)}")


def _failures(match: Match) -> int:
    return sum(1 for check in match.checks if not check.ok) + (match.dead is not None)


def explain(match: Match) -> str:
    """Why a publisher does not match, in sentences. Expected values are named only if every pin agrees."""
    for pin in match.pins:
        if not pin.ok:
            return f"The claim `{pin.claim}` is not the registered id: the repository or its owner was replaced."
    said = [f"{_expectation(check)}." for check in match.checks if not check.ok]
    return " ".join([*([match.dead] if match.dead else []), *said])


def _expectation(check: Check) -> str:
    expected = " or ".join(check.expected) if isinstance(check.expected, list) else check.expected
    actual = "the token has none" if check.actual in (None, "") else f"the token says `{check.actual}`"
    return f"The publisher expects `{check.claim}` to be `{expected}`; {actual}"
