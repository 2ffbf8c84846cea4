"""What a provider declares: the fields of a publisher, which know how they compare, and the ids that it pins."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from publishers.globs import glob_matches
from publishers.letters import fold, has_control

# What a token says, in the fields' names: a text, several texts, a yes or no, nothing, or claims to look into.
Value = str | bool | Sequence[str] | Mapping[str, Any] | None
Reading = Mapping[str, Value]

MAX_WILDCARDS = 8
# What a maintainer writes into an identity field that may be waived.
WAIVED = "*"


@dataclass(frozen=True)
class Check:
    """One comparison: what the publisher expects of a claim, and what the token says."""

    claim: str
    expected: Any
    actual: Any
    ok: bool
    # The field that asked; not part of what is shown to machines. Set by ``Field.checks``.
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
    # What it adds to the sentence that says what is trusted, with {value} in it unless it is a yes or no.
    clause: str = ""
    # A constraint that the form shows beside the identity, not folded away.
    recommended: bool = False

    required: ClassVar[bool] = True
    identity: ClassVar[bool] = True
    locates: ClassVar[bool] = True  # part of the indexed place
    # What the form stores: a text, a list of texts, a yes/no, or a list of rules (``publishers.providers.rules``).
    stores: ClassVar[type] = str

    def normalize(self, value: str) -> str:
        """The form in which two values are compared."""
        return fold(value) if self.fold else value

    def compared(self, value: Any) -> Any:
        """The form in which two publishers are the same: equal for values that mean the same."""
        if isinstance(value, str):
            return self.normalize(value)
        return sorted(self.normalize(member) for member in value) if isinstance(value, list) else value

    def checks(self, expected: Any, reading: Reading) -> list[Check]:
        """All comparisons that a publisher with the value ``expected`` asks for."""
        check = self.check(expected, reading)
        return [] if check is None else [replace(check, about=self)]

    def check(self, expected: Any, reading: Reading) -> Check | None:
        """Compare; None when the publisher asks nothing here. A value that is missing matches nothing."""
        actual = reading.get(self.name)
        return Check(self.claim or self.name, expected, actual, bool(expected) and self.accepts(expected, actual))

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

    def narrows(self, value: Any) -> int:
        """By how many constraints ``value`` narrows a publisher."""
        return int(not self.required and bool(value))

    def warning(self, value: Any) -> str | None:
        """What a maintainer should know of a publisher with such a value, as a sentence; None for nothing."""
        return None

    def spoken(self, value: Any) -> str:
        """The value as the sentence that says what is trusted has it; empty where it says nothing."""
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")

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

    def narrows(self, value: Any) -> int:
        """Unless it is waived."""
        return int(value != WAIVED)

    def warning(self, value: Any) -> str | None:
        """What it means to waive it."""
        return self.waiver if value == WAIVED else None

    def spoken(self, value: Any) -> str:
        """Nothing if it is waived."""
        return "" if value == WAIVED else super().spoken(value)

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
