"""What a provider is: a translator between an issuer's claims and the fields of our form.

A provider is one file with one class: attributes, declared fields, and ``read(claims)``, which says the claims
in the fields' own names. Everything else (forms, storage, lookup, comparison, explanations) walks the fields.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from publishers.errors import InvalidToken

Claims = Mapping[str, Any]
# What a token says, in the fields' names: a text, several texts, a yes or no, or nothing.
Value = str | bool | Sequence[str] | None
Reading = Mapping[str, Value]

MAX_CLAIM_LENGTH = 1024
# An index entry must stay far below PostgreSQL's limit of about 2,700 bytes.
MAX_IDENTITY_LENGTH = 400
MAX_WILDCARDS = 8
# What a maintainer writes into an identity field that may be waived.
WAIVED = "*"

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def fold(text: str) -> str:
    """Lower-case ASCII letters only: ``str.lower`` would make different letters of other scripts equal."""
    return text.translate(_ASCII_LOWER)


def has_control(text: str) -> bool:
    """Whether ``text`` holds a control character, a line separator or a lone surrogate."""
    return _CONTROL.search(text) is not None


@dataclass(frozen=True)
class Check:
    """One comparison: what the publisher expects of a claim, and what the token says."""

    claim: str
    expected: Any
    actual: Any
    ok: bool
    # The field that asked; not part of what is shown to machines. Set where fields are walked (publishers.matching).
    about: "Field | None" = field(default=None, compare=False, repr=False)
    # Says why it failed, where the kind of field (``publishers.sentences.unmet``) says too little.
    explained: "Callable[[Check], str] | None" = field(default=None, compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"claim": self.claim, "expected": self.expected, "actual": self.actual, "ok": self.ok}


@dataclass(frozen=True)
class Field:
    """A field of the publisher form: an identity part, exact. Its siblings below differ in how they compare."""

    name: str
    label: str
    claim: str = ""  # the claim that a check names; the field's own name if empty
    hint: str = ""
    default: str = ""
    fold: bool = False  # ASCII case does not matter
    pattern: str = ""  # a form value must match this whole
    problem: str = ""  # what the form says when it does not
    max_length: int = 255
    # What to do in the job so that it meets the publisher, with {expected} in it: "run the job in … `{expected}`".
    fix: str = ""

    required: ClassVar[bool] = True
    identity: ClassVar[bool] = True
    locates: ClassVar[bool] = True  # part of the indexed place
    # What the form stores: a text, a list of texts or a yes/no.
    stores: ClassVar[type] = str

    def normalize(self, value: str) -> str:
        """The form in which two values are compared."""
        return fold(value) if self.fold else value

    def check(self, expected: Any, reading: Reading) -> Check | None:
        """Compare; None when the publisher asks nothing here."""
        actual = reading.get(self.name)
        return Check(self.claim or self.name, expected, actual, self.accepts(expected, actual))

    def accepts(self, expected: Any, actual: Value) -> bool:
        """Whether what the token says meets what the publisher expects; a list meets it by one member."""
        if isinstance(actual, str):
            return self.accepts_text(expected, actual)
        if isinstance(actual, Sequence):
            return any(isinstance(member, str) and self.accepts_text(expected, member) for member in actual)
        return False

    def accepts_text(self, expected: str, actual: str) -> bool:
        """Exact comparison."""
        return self.normalize(expected) == self.normalize(actual)

    def narrows(self, value: Any) -> bool:
        """Whether ``value`` makes a publisher more constrained than one without it."""
        return not self.required and bool(value)

    def warning(self, value: Any) -> str | None:
        """What a maintainer should know of a publisher with such a value, as a sentence; None for nothing."""
        return None

    def refusal(self, value: str) -> str | None:
        """Why a form value is wrong, as a sentence; None when it is right."""
        if has_control(value):
            return f"{self.label} must not contain control characters."
        if self.pattern and not re.fullmatch(self.pattern, value):
            return self.problem or f"{self.label} is not valid."
        return None


@dataclass(frozen=True)
class Workload(Field):
    """An identity field that is not part of the indexed place, such as the workflow's file within a repository.

    Several publishers may stand at one place; a token that differs here alone is told so.
    """

    locates: ClassVar[bool] = False


@dataclass(frozen=True)
class Waivable(Workload):
    """An identity field that is not looked at if a maintainer writes ``*``, and that he is then warned of."""

    waiver: str = ""  # the warning, as a sentence

    def check(self, expected: Any, reading: Reading) -> Check | None:
        """Compare unless it is waived. Left out is not waived: it matches nothing."""
        return None if expected == WAIVED else super().check(expected, reading)

    def narrows(self, value: Any) -> bool:
        """Unless it is waived."""
        return bool(value != WAIVED)

    def warning(self, value: Any) -> str | None:
        """What it means to waive it."""
        return self.waiver if value == WAIVED else None

    def refusal(self, value: str) -> str | None:
        """The waiver need not look like a value."""
        return None if value == WAIVED else super().refusal(value)


@dataclass(frozen=True)
class Constraint(Field):
    """Narrows a publisher. Not set: not looked at."""

    required: ClassVar[bool] = False
    identity: ClassVar[bool] = False
    locates: ClassVar[bool] = False

    def check(self, expected: Any, reading: Reading) -> Check | None:
        """Compare if it is set."""
        return super().check(expected, reading) if expected else None


@dataclass(frozen=True)
class Glob(Constraint):
    """A pattern: ``*`` and ``?`` stop at ``/`` and ``:``, ``**`` does not; anchored; nothing else is special."""

    def accepts_text(self, expected: str, actual: str) -> bool:
        """Match the whole value."""
        return glob_matches(self.normalize(expected), self.normalize(actual))

    def refusal(self, value: str) -> str | None:
        """A glob begins with literal text, and has few wildcards: each makes every exchange dearer."""
        if value[:1] in {"*", "?"}:
            return f"{self.label} must begin with literal text, not with a wildcard."
        if len(re.findall(r"\*+|\?", value)) > MAX_WILDCARDS:
            return f"{self.label} must have at most {MAX_WILDCARDS} wildcards."
        return super().refusal(value)


@dataclass(frozen=True)
class VersionTag(Constraint):
    """``v{version}``: the token comes from a tag of that form, and uploads only that version."""

    def accepts_text(self, expected: str, actual: str) -> bool:
        """Whether ``actual``, a full ref, is a tag of the form."""
        return self.version(expected, actual) is not None

    @staticmethod
    def version(form: str, ref: str) -> str | None:
        """The version that the tag ``ref`` names, or None when it has not that form."""
        before, _, after = form.partition("{version}")
        tag = ref.removeprefix("refs/tags/")
        if tag == ref or len(tag) <= len(before) + len(after):
            return None
        if not (tag.startswith(before) and tag.endswith(after)):
            return None
        return tag[len(before) : len(tag) - len(after)]

    def refusal(self, value: str) -> str | None:
        """The placeholder stands exactly once."""
        if value.count("{version}") != 1:
            return f"{self.label} must contain {{version}} exactly once, as in v{{version}}."
        return super().refusal(value)


@dataclass(frozen=True)
class AllowList(Constraint):
    """Several exact values, one of which the token must say."""

    stores: ClassVar[type] = list

    def accepts_text(self, expected: Any, actual: str) -> bool:
        """Whether the value is in the list."""
        return self.normalize(actual) in {self.normalize(member) for member in expected}


@dataclass(frozen=True)
class Flag(Constraint):
    """Wants a claim to say ``wanted``."""

    wanted: str = "true"
    stores: ClassVar[type] = bool

    def check(self, expected: Any, reading: Reading) -> Check | None:
        """Compare with the wanted value if the flag is set."""
        if not expected:
            return None
        actual = reading.get(self.name)
        return Check(self.claim or self.name, self.wanted, actual, actual == self.wanted)


@dataclass(frozen=True)
class Pin:
    """An id that never changes and never returns: looked up at registration or learned at the first exchange."""

    name: str  # also the claim's name
    label: str
    # Part of the repository (project) or of its owner (namespace): a rename is one with both unchanged.
    of_owner: bool = False
    # Tokens hold it only where the job asks for it: a publisher may stay without, and is then warned of.
    optional: bool = False


@dataclass(frozen=True)
class Links:
    """Where a person can look at what a token speaks of."""

    run: str = ""
    commit: str = ""


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


class Provider:
    """A kind of CI or cloud service, as one issuer speaks for it. Subclasses declare."""

    name: ClassVar[str]
    label: ClassVar[str]
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
        missing = [pin.name for pin in self.pins if pin.optional and not pins.get(pin.name)]
        if missing:
            said.append(
                f"Not protected against a reused name: no {' and no '.join(missing)} is recorded. Tokens hold these "
                "claims only if the job asks for them."
            )
        return [sentence for sentence in said if sentence]

    def links(self, claims: Claims) -> Links:
        """The run and commit that verified claims speak of."""
        return Links()

    def _locating(self) -> list[Field]:
        return [part for part in self.fields if part.locates]


def indexable(text: str) -> str:
    """``text`` itself when it fits an index entry, else a digest of it."""
    if len(text.encode()) <= MAX_IDENTITY_LENGTH:
        return text
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def text_claim(claims: Claims, name: str) -> str:
    """A required claim: a non-empty string of at most 1,024 characters without control characters."""
    value = claims.get(name)
    if value is None:
        raise InvalidToken(f"The token has no claim `{name}`.")
    return _text(name, value)


def optional_text_claim(claims: Claims, name: str) -> str | None:
    """A claim that may be absent, null or empty (then None); anything but a text is refused."""
    value = claims.get(name)
    return None if value is None or value == "" else _text(name, value)


def optional_texts_claim(claims: Claims, name: str) -> list[str] | None:
    """A claim that is a list of texts, each as ``text_claim`` wants it; absent or null is None."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise InvalidToken(f"The claim `{name}` must be a list of strings.")
    return [_text(name, member) for member in value]


def flag_claim(claims: Claims, name: str) -> bool:
    """A required claim that is true or false, as JSON has them."""
    value = claims.get(name)
    if value is None:
        raise InvalidToken(f"The token has no claim `{name}`.")
    if not isinstance(value, bool):
        raise InvalidToken(f"The claim `{name}` must be true or false.")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidToken(f"The claim `{name}` must be a non-empty string.")
    if len(value) > MAX_CLAIM_LENGTH:
        raise InvalidToken(f"The claim `{name}` is longer than {MAX_CLAIM_LENGTH} characters.")
    if has_control(value):
        raise InvalidToken(f"The claim `{name}` contains a control character.")
    return value


def glob_matches(pattern: str, text: str) -> bool:
    """Whether ``text`` as a whole has the form of ``pattern``.

    All ways through the pattern are walked at once, so that no pattern takes more than its length times the
    text's: a regular expression with many wildcards could be made to take for ever.
    """
    pieces = re.findall(r"\*\*+|.", pattern, re.DOTALL)
    places = _past_stars({0}, pieces)
    for letter in text:
        places = _past_stars({after for place in places for after in _step(place, pieces, letter)}, pieces)
        if not places:
            return False
    return len(pieces) in places


def _step(place: int, pieces: list[str], letter: str) -> tuple[int, ...]:
    piece = pieces[place] if place < len(pieces) else None
    if piece is None:
        return ()
    if piece.startswith("**"):
        return (place,)
    if piece in {"*", "?"}:
        return () if letter in "/:" else (place if piece == "*" else place + 1,)
    return (place + 1,) if piece == letter else ()


def _past_stars(places: set[int], pieces: list[str]) -> set[int]:
    reached = set(places)
    for place in places:
        while place < len(pieces) and pieces[place].startswith("*"):
            place += 1
            reached.add(place)
    return reached
