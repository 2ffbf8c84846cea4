"""What a provider is: a translator between an issuer's claims and the fields of our form.

A provider is one file with one class: attributes, declared fields, and ``read(claims)``, which says the claims
in the fields' own names. Everything else (forms, storage, lookup, comparison, explanations) walks the fields.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from publishers.letters import fold
from publishers.pasted import Address
from publishers.providers import phrases
from publishers.providers.claims import Claims
from publishers.providers.fields import Field, Pin, Reading

MAX_MARK = 100
# An index entry must stay far below PostgreSQL's limit of about 2,700 bytes.
MAX_IDENTITY_LENGTH = 400


@dataclass(frozen=True)
class Links:
    """Where a person can look at what a token speaks of."""

    run: str = ""
    commit: str = ""


@dataclass(frozen=True)
class Marks:
    """What exchanges are found by later: ids that a token speaks of, as texts; empty where it has none."""

    commit: str = ""
    run: str = ""


class Answer(Protocol):
    """What an API answered: its status, and its document if it was JSON."""

    @property
    def status(self) -> int: ...

    @property
    def document(self) -> Any: ...


Ask = Callable[[str], Answer]


class LookupFailed(Exception):
    """The provider's API cannot be asked now; the message is a sentence."""


class UnknownIdentity(Exception):
    """The provider's API says that there is no such owner; the message is a sentence."""

    def __init__(self, field_name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field_name = field_name


class WrongEntries(Exception):
    """What an apply file says of a publisher does not fit its issuer; the message is a sentence about ``key``."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


class Provider:
    """A kind of CI or cloud service, as one issuer speaks for it. Subclasses declare."""

    name: ClassVar[str]
    label: ClassVar[str]
    # What stands beside the label: a file below templates/parts/icons/.
    icon: ClassVar[str] = "workflow"
    default_issuer: ClassVar[str] = ""
    default_api_url: ClassVar[str] = ""
    # Whether the row of the default issuer starts switched on.
    enabled_by_default: ClassVar[bool] = False
    max_token_age: ClassVar[int] = 3600  # seconds between iat and exp
    reuse: ClassVar[str] = "once"
    # What else a job has that could be taken for an identity token: how such credentials begin, and who issues them.
    other_credentials: ClassVar[tuple[str, ...]] = ()
    other_issuers: ClassVar[frozenset[str]] = frozenset()
    how_to_ask: ClassVar[str] = ""  # how a job gets an identity token, as a sentence
    # What a workload's place is, in a word; and what else everybody may read of the claims by which a file came.
    place_label: ClassVar[str] = "Workload"
    told: ClassVar[Mapping[str, str]] = {}  # label: claim
    run_label: ClassVar[str] = "Run"  # the one of them that ``links`` has the run's address for; the other: Commit
    # The claims that say which commit and which run a job is of.
    commit_claim: ClassVar[str] = "sha"
    run_claim: ClassVar[str] = "run_id"
    # Whether an administrator names the identity claims and the pinned claims of each issuer.
    names_claims: ClassVar[bool] = False
    # What is trusted, in the middle of a sentence, with the names of fields in braces: "any job of {workflow}".
    trusts: str = ""
    # The constraints of which at least one should be set, and what is told where none is, as sentences.
    narrowed_by: ClassVar[tuple[str, ...]] = ()
    unnarrowed: ClassVar[str] = ""
    # What in the job of docs/providers/NAME.md stands for what a field says: ``environment: pypi``.
    in_job: ClassVar[Mapping[str, str]] = {}
    # The file that holds the job, with the names of fields in braces.
    job_file: ClassVar[str] = ""
    # Whether the package "id" gets this service's identity tokens.
    known_to_id: ClassVar[bool] = False
    # Attributes of the class, but a provider whose issuers differ in their claims may set them per issuer.
    fields: tuple[Field, ...] = ()
    pins: tuple[Pin, ...] = ()

    def __init__(self, issuer_url: str, identity_claims: Sequence[str] = (), pinned_claims: Sequence[str] = ()) -> None:
        self.issuer_url = issuer_url
        self.identity_claims = identity_claims
        self.pinned_claims = pinned_claims

    def read(self, claims: Claims) -> Reading:
        """Say verified claims in the fields' and pins' own names.

        Raises InvalidToken when a required claim is missing or malformed.
        """
        raise TypeError(f"{type(self).__name__} does not read claims")

    def identity(self, values: Mapping[str, Any]) -> str:
        """The indexed text of a place: the identity fields that locate it, normalised, as a JSON array."""
        parts = [part.normalize(str(values[part.name])) for part in self._locating()]
        return indexable(json.dumps(parts, ensure_ascii=False, separators=(",", ":")))

    def pinned_identity(self, ids: Mapping[str, Any]) -> str:
        """The indexed text of the repository that pins name, whatever it is called and whoever owns it now.

        Empty unless all pins are known, and unless the provider pins owners apart from what they own: without
        both, a rename cannot be told from a replacement.
        """
        owned = [pin.name for pin in self.pins if not pin.of_owner]
        if len(owned) in {0, len(self.pins)} or not all(ids.get(pin.name) for pin in self.pins):
            return ""
        return indexable(json.dumps([str(ids[name]) for name in owned], separators=(",", ":")))

    def names(self, reading: Reading) -> dict[str, Any]:
        """What the place is called: the fields that a rename changes."""
        return {part.name: reading[part.name] for part in self._locating()}

    def forbid(self, reading: Reading) -> str | None:
        """Why no publisher of this provider ever publishes from such a job, as a sentence; None if one may."""
        return None

    def place(self, values: Mapping[str, Any]) -> str:
        """Where a workload is, in words: ``octo-org/sampleproject``."""
        return "/".join(str(values[part.name]) for part in self._locating())

    def describe(self, values: Mapping[str, Any]) -> str:
        """One line in which a maintainer recognises the publisher."""
        said = [str(values[part.name]) for part in self.fields if values.get(part.name) and part.identity]
        return " ".join(said)

    def lookup(self, values: Mapping[str, Any], ask: Ask) -> dict[str, str]:
        """Ids to pin, from the provider's API. Raises UnknownIdentity or LookupFailed. By default, none.

        ``ask`` gets a path of the API that the issuer's row names, with its token and certificate.
        """
        return {}

    def warnings(self, values: Mapping[str, Any], pins: Mapping[str, str]) -> list[str]:
        """What a maintainer should know of such a publisher, as sentences to show beside it."""
        said = [part.warning(values.get(part.name)) for part in self.fields]
        if not self.is_narrowed(values):
            said.append(self.unnarrowed)
        missing = [pin.name for pin in self.pins if pin.optional and not pins.get(pin.name)]
        if missing:
            said.append(
                f"Not protected against a reused name: no {' and no '.join(missing)} is recorded. Tokens hold these "
                "claims only if the job asks for them."
            )
        return [sentence for sentence in said if sentence]

    def is_narrowed(self, values: Mapping[str, Any]) -> bool:
        """Whether one of the constraints is set that should be."""
        return not self.narrowed_by or any(values.get(name) for name in self.narrowed_by)

    def phrases(self, values: Mapping[str, Any]) -> list[phrases.Phrase]:
        """What is trusted, in pieces of a sentence that begins "The project trusts"."""
        return [*phrases.subject(self.trusts, self.fields, values), *phrases.clauses(self.fields, values)]

    @property
    def site(self) -> str:
        """Where people see what this issuer's tokens speak of: ``HOST[:PORT][/PATH]``; empty if nowhere."""
        return ""

    def left_open(self, address: Address) -> str:
        """What ``from_address`` had to guess, as a sentence; empty if the address tells all of it."""
        return ""

    def from_address(self, address: Address) -> dict[str, str] | None:
        """The fields that the address of a repository or workflow tells; None if it is none of this issuer's."""
        return None

    def missing(self, values: Mapping[str, Any], ask: Ask) -> str:
        """What the provider's API does not find, as a warning; empty if it is there, or nobody can tell."""
        return ""

    def key_in_file(self, field_name: str) -> str:
        """The key of an apply file that holds a field's value."""
        return field_name

    def values_in_file(self, keys: Mapping[str, Any]) -> dict[str, Any]:
        """What an apply file's keys say, by the names of the fields. Raises WrongEntries."""
        return dict(keys)

    def as_in_file(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The other way: what an apply file would say of a publisher, each field with what is empty for it."""
        return {part.name: values.get(part.name) or part.stores() for part in self.fields}

    def links(self, claims: Claims) -> Links:
        """The run and commit that verified claims speak of."""
        return Links()

    def attester(self, values: Mapping[str, Any], claims: Claims) -> dict[str, str | None] | None:
        """Who must have signed attestations of what a workload uploads: the ``publisher`` of PEP 740's provenance.

        None where nobody can tell: Sigstore certifies jobs of its own list of issuers only. The claims are those of
        the exchange, and say how the place is written.
        """
        return None

    def addresses(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The web addresses that are a workload's own, its repository's first: a project's links below are verified."""
        return ()

    def marks(self, claims: Claims) -> Marks:
        """The commit and the run, as administrators search for them."""
        return Marks(_mark(claims.get(self.commit_claim)), _mark(claims.get(self.run_claim)))

    def _locating(self) -> list[Field]:
        return [part for part in self.fields if part.locates]


def indexable(text: str) -> str:
    """``text`` itself when it fits an index entry, else a digest of it."""
    if len(text.encode()) <= MAX_IDENTITY_LENGTH:
        return text
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def as_claimed(place: str, claim: Any) -> str:
    """``place`` as a claim writes it: certificates tell upper case from lower case, fields that say it do not."""
    return claim if isinstance(claim, str) and fold(claim) == fold(place) else place


def _mark(claim: Any) -> str:
    """A claim that nobody had to look at before: a text or a number of a bounded length, else nothing."""
    text = str(claim) if isinstance(claim, str | int) and not isinstance(claim, bool) else ""
    return text if len(text) <= MAX_MARK and text.isprintable() else ""
