"""Which publishers a token matches, and, where none does, why not.

One algorithm walks the provider's fields for every provider. Its list of checks is what the exchange, its record
and the refusal's sentence are views of.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from django.db.models import prefetch_related_objects
from packaging.utils import NormalizedName

from publishers import lostnames, sentences
from publishers.errors import InvalidPendingPublisher, InvalidPublisher, InvalidToken, Refused
from publishers.models import Issuer, Publisher
from publishers.providers.fields import Check, Reading, VersionTag
from publishers.turns import in_turn
from registry.fixed import FixedQuery
from registry.models import Project, User

MAX_PROJECTS = 100  # that one upload token covers
# Strangers may register any number at one place: a token is held against three for each project that it can cover.
MAX_CANDIDATES = 3 * MAX_PROJECTS
MAX_MOVED = 20  # publishers that know a repository by another name are looked at
# What a pin expects, in all that is shown and kept: never the id itself.
REGISTERED_ID = "the registered id"
# A refusal explains the nearest publishers of so many projects.
MAX_EXPLAINED = 3


@dataclass(frozen=True)
class Match:
    """A publisher held against a token."""

    publisher: Publisher
    checks: tuple[Check, ...]
    pins: tuple[Check, ...]
    dead: str | None  # why the publisher cannot be used, as a sentence
    version: str | None  # the only one that may be uploaded, where a version tag says so

    @property
    def name(self) -> str:
        """The normal name of the project, existing or waited for."""
        return self.publisher.normalized_name

    @property
    def ok(self) -> bool:
        """Fails closed: a publisher without a single check matches nothing."""
        return self.dead is None and bool(self.checks) and all(check.ok for check in self.checks + self.pins)

    @property
    def is_another(self) -> bool:
        """Whether a pin differs: the token comes from another repository or owner than the publisher's."""
        return any(not check.ok for check in self.pins)

    @property
    def is_transferred(self) -> bool:
        """Whether it is the same repository in the hands of another owner."""
        owners = {pin.name for pin in self.publisher.issuer.kind.pins if pin.of_owner}
        owned = [check.ok for check in self.pins if check.claim not in owners]
        lacking = any(check.actual in (None, "") for check in self.pins)
        return self.is_another and bool(owned) and all(owned) and not lacking

    @property
    def is_elsewhere(self) -> bool:
        """Whether the publisher knows the token's repository, if at all, by another name."""
        return any(not check.ok and check.about is not None and check.about.locates for check in self.checks)


_STANDING = FixedQuery(2, lambda issuer, identity: Publisher.objects.at(issuer, identity)[: MAX_PROJECTS + 1])


def candidates(
    issuer: Issuer, reading: Reading, wanted: Collection[NormalizedName] | None, *, lock: bool = False
) -> list[Publisher]:
    """The publishers at the place that the token speaks of, in turn; at ``wanted`` projects only if given.

    Their projects are not read: a publisher knows its project's id and name, and a grant needs no more. With ``lock``
    nobody changes or removes them until the caller's transaction ends.
    """
    found = _standing(issuer, issuer.kind.identity(reading), wanted, lock=lock)
    for publisher in found:
        publisher.issuer = issuer
    prefetch_related_objects([publisher for publisher in found if publisher.is_pending], "added_by")
    return in_turn(found, lambda publisher: publisher)


def _standing(
    issuer: Issuer, identity: str, wanted: Collection[NormalizedName] | None, *, lock: bool
) -> list[Publisher]:
    found = _STANDING(issuer.pk, identity) if wanted is None and not lock else None
    if found is not None and len(found) <= MAX_PROJECTS:
        return found
    standing = Publisher.objects.at(issuer, identity)
    if wanted is not None:
        standing = standing.filter(normalized_name__in=wanted)
    rows = standing.select_for_update(no_key=True) if lock else standing
    found = list(rows[: MAX_PROJECTS + 1]) if found is None else found
    if len(found) > MAX_PROJECTS:  # rare, and perhaps somebody's intention: who comes first is asked of the database
        first = list(standing.in_turn().values_list("pk", flat=True)[:MAX_CANDIDATES])
        found = list(rows.filter(pk__in=first))
    return found


def moved(issuer: Issuer, reading: Reading, wanted: Collection[NormalizedName] | None) -> list[Publisher]:
    """The live publishers of the same repository, by its recorded id, that know it by another name or owner."""
    kind = issuer.kind
    pinned_identity = kind.pinned_identity(reading)
    if not pinned_identity:
        return []
    elsewhere = Publisher.objects.of_ids(issuer, pinned_identity).exclude(identity=kind.identity(reading))
    if wanted is not None:
        elsewhere = elsewhere.filter(normalized_name__in=wanted)
    found = list(elsewhere[:MAX_MOVED])
    for publisher in found:
        publisher.issuer = issuer
    return [publisher for publisher in found if publisher.why_dead() is None]


def invalidated(issuer: Issuer, reading: Reading, wanted: Collection[NormalizedName] | None) -> list[Publisher]:
    """The pending publishers that would match had their names not been lost: they explain, and grant nothing."""
    stood = lostnames.invalidated(issuer, issuer.kind.identity(reading), wanted)
    return [publisher for publisher in stood if replace(hold(publisher, reading), dead=None).ok]


def further(
    issuer: Issuer, reading: Reading, wanted: Collection[NormalizedName] | None, refusal: Refused
) -> list[Publisher]:
    """Which publishers a refusal concerns beside those that stand at the token's place."""
    ended = invalidated(issuer, reading, wanted) if isinstance(refusal, InvalidPendingPublisher) else []
    return [*moved(issuer, reading, wanted), *ended]


def hold(publisher: Publisher, reading: Reading) -> Match:
    """Compare one publisher with what the token says, field by field."""
    kind, values = publisher.issuer.kind, publisher.values
    checks = [check for field in kind.fields for check in field.checks(values.get(field.name), reading)]
    pins = [
        Check(pin.name, REGISTERED_ID, reading.get(pin.name), publisher.pins[pin.name] == reading.get(pin.name))
        for pin in kind.pins
        if publisher.pins.get(pin.name)
    ]
    tags = [(values[field.name], reading.get(field.name)) for field in kind.fields if _is_tag(field, values)]
    version = next((VersionTag.version(form, str(said)) for form, said in tags), None)
    return Match(publisher, tuple(checks), tuple(pins), publisher.why_dead(), version)


def hold_invalid(publisher: Publisher, reading: Reading, refusal: InvalidToken) -> Match:
    """The same for a token that no publisher could make good: the registered claim that is wrong, and the ids."""
    wrong = Check(refusal.claim, refusal.expected, refusal.actual, ok=False)
    return replace(hold(publisher, reading), checks=(wrong,), version=None)


def nearest(found: Iterable[Publisher], reading: Reading) -> list[Match]:
    """All of ``found`` held against what the token says: those that match first, then by how little they differ."""
    return in_order(hold(publisher, reading) for publisher in found)


def in_order(held: Iterable[Match]) -> list[Match]:
    """Those that match first, then by how little they differ."""
    near = sorted(held, key=_distance)
    return sorted(in_turn(near, _publisher_of), key=lambda match: (not match.ok, match.is_another))


def nearest_of_projects(held: Iterable[Match]) -> dict[Project, list[Match]]:
    """The same for each existing project apart, in the order in which ``held`` names them."""
    of_project = defaultdict(list)
    for match in held:
        if match.publisher.project is not None:
            of_project[match.publisher.project].append(match)
    return {project: in_order(own) for project, own in of_project.items()}


def nearest_of_people(held: Iterable[Match]) -> dict[User, list[Match]]:
    """The same of pending publishers, for each person who waits."""
    of_user = defaultdict(list)
    for match in held:
        if match.publisher.project is None and match.publisher.added_by is not None:
            of_user[match.publisher.added_by].append(match)
    return {user: in_order(own) for user, own in of_user.items()}


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
    matching = [match for match in held if match.ok]
    problems = lostnames.problems([match.publisher for match in matching if match.publisher.is_pending])
    usable = _covered([match for match in matching if match.publisher.pk not in problems])
    missing = set(wanted or ()) - {match.name for match in usable}
    if not usable or missing:
        known = {match.name for match in held}
        ended = [one for one in invalidated(issuer, reading, wanted) if one.normalized_name not in known]
        lost = lostnames.why(ended)
        lost |= {match.name: problems[match.publisher.pk] for match in matching if match.publisher.pk in problems}
        elsewhere = [hold(publisher, reading) for publisher in moved(issuer, reading, wanted)]
        raise _refusal(issuer, reading, held, elsewhere, missing, lost)
    return usable


def _is_tag(field: object, values: dict[str, object]) -> bool:
    return isinstance(field, VersionTag) and bool(values.get(field.name))


def _covered(matching: list[Match]) -> list[Match]:
    """The credited match, which is the most constrained, of each project: those uploaded to first, others in turn."""
    first, best = dict[str, Match](), dict[str, Match]()
    for match in matching:
        first.setdefault(match.name, match)
        other = best.get(match.name)
        if other is None or _rank(match) > _rank(other):
            best[match.name] = match
    return [best[match.name] for match in in_turn(first.values(), _publisher_of)[:MAX_PROJECTS]]


def _publisher_of(match: Match) -> Publisher:
    return match.publisher


def _rank(match: Match) -> tuple[bool, int, int]:
    """Several people may wait for one name: among them the oldest goes first, however much another narrows his."""
    publisher = match.publisher
    constraints = 0 if publisher.is_pending else publisher.constraint_count()
    return (not publisher.is_pending, constraints, -publisher.pk)


def _refusal(
    issuer: Issuer,
    reading: Reading,
    held: list[Match],
    elsewhere: list[Match],
    missing: set[NormalizedName],
    lost: dict[str, str],
) -> InvalidPublisher | InvalidPendingPublisher:
    place = issuer.kind.place(reading)
    about = [match for match in held if not match.ok and (not missing or match.name in missing)]
    gone = [match for match in elsewhere if not missing or match.name in missing]
    said = [_why_not(match, place, named=match.name in missing) for match in _nearest(about + gone)]
    if lost and not missing - lost.keys():
        return InvalidPendingPublisher(" ".join([*sorted({*lost.values()})[:MAX_EXPLAINED], *dict.fromkeys(said)]))
    silent = missing - {match.name for match in about + gone} - lost.keys()
    if silent:
        return InvalidPublisher(sentences.these_do_not_trust(sorted(silent), place, issuer.url))
    if not about and not gone:
        return InvalidPublisher(sentences.nobody_trusts(place, issuer.url))
    return InvalidPublisher(" ".join(dict.fromkeys(said)))


def _nearest(failing: list[Match]) -> list[Match]:
    """The closest publisher of each of a few projects, those that were used first."""
    best: dict[str, Match] = {}
    for match in sorted(failing, key=_distance):
        best.setdefault(match.name, match)
    return sorted(in_turn(best.values(), _publisher_of), key=lambda match: match.is_another)[:MAX_EXPLAINED]


def _distance(match: Match) -> tuple[bool, bool, int]:
    """Pins first; then a project that was uploaded to; then how many checks failed."""
    failures = sum(1 for check in match.checks if not check.ok) + (match.dead is not None)
    return (match.is_another, match.publisher.first_upload_at is None, failures)


def _another(match: Match, place: str, name: str | None) -> str:
    pin = next(check for check in match.pins if not check.ok)
    if pin.actual in (None, ""):
        return sentences.unsaid(place, name, pin.claim)
    return (sentences.transferred if match.is_transferred else sentences.replaced)(place, name, pin.claim)


def _why_not(match: Match, place: str, *, named: bool) -> str:
    """Why a publisher does not match. Where a pin differs nothing else is told, not even the project's name."""
    if match.is_another:
        return _another(match, place, match.name if named else None)
    if match.is_elsewhere:
        return sentences.renamed(match.name, was=match.publisher.place, now=place)
    reasons = [match.dead] if match.dead else []
    reasons += [sentences.unmet(check) for check in match.checks if not check.ok]
    return sentences.differs(match.name, place, reasons)
