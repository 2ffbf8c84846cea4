"""Further claims that a publisher wants, at issuers whose claims nobody here knows: rules that maintainers write."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from publishers import claimnames, sentences
from publishers.globs import glob_matches
from publishers.letters import fold, has_control
from publishers.providers.claims import MAX_CLAIM_LENGTH
from publishers.providers.fields import Check, Constraint, Glob, Reading

MAX_RULES = 20
MAX_GLOB_LENGTH = 255
# A claim that is a list is looked into no further than this, so that no token makes an exchange dear.
MAX_MEMBERS = 100
MAX_TOTAL_LENGTH = 8192
MAX_DESCRIBED_LENGTH = 60

# How a rule compares, as the apply file says it, and for people.
HOWS = {"equals": "equals", "iequals": "equals, in any case", "glob": "matches the pattern"}

_GLOB = Glob("glob", "A pattern")
_LETTER = re.compile("[A-Za-z]")


@dataclass(frozen=True)
class Said:
    """What a token says of one claim: the texts that may be compared, and what is shown of it."""

    texts: tuple[str, ...]
    shown: Any

    @classmethod
    def of(cls, value: Any) -> "Said":
        """A text, a whole number (its digits), true or false, or a list of such; of all else no text."""
        if isinstance(value, list):
            return cls._of_list(value)
        text = _text_of(value)
        return cls((), _described(value)) if text is None else cls((text,), text)

    @classmethod
    def _of_list(cls, members: list[Any]) -> "Said":
        if not members:
            return cls((), "(an empty list)")
        if len(members) > MAX_MEMBERS:
            return cls((), f"(a list of {len(members)} members)")
        texts = [_text_of(member) for member in members]
        known = tuple(text for text in texts if text is not None)
        if len(known) < len(texts):
            return cls((), "(a list of other things than texts, whole numbers, true and false)")
        if sum(map(len, known)) > MAX_TOTAL_LENGTH:
            return cls((), f"(a list of {sum(map(len, known))} characters)")
        return cls(known, _shortened(known))


@dataclass(frozen=True)
class Rule:
    """One claim and what it must be."""

    claim: str
    how: str  # one of HOWS
    text: str

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "Rule":
        """Of an entry such as ``{"claim": "ref", "glob": "refs/tags/v*"}``; a malformed one is met by nothing."""
        how = next((how for how in HOWS if how in entry), "")
        return cls(str(entry.get("claim", "")), how, str(entry.get(how, "")))

    def __str__(self) -> str:
        text = self.text if len(self.text) <= MAX_DESCRIBED_LENGTH else f"{self.text[:MAX_DESCRIBED_LENGTH]}…"
        return f"{self.claim} {text}"

    @property
    def path(self) -> tuple[str, ...]:
        """The claim, however its name is spelled."""
        return claimnames.path_of(self.claim)

    def as_entry(self) -> dict[str, str]:
        """As it is stored."""
        return {"claim": self.claim, self.how: self.text}

    def problem(self) -> tuple[str, str] | None:
        """What is wrong with it: the key of the entry, and a sentence. None for a good one."""
        of_name = claimnames.problem_of(self.claim)
        if of_name:
            return "claim", of_name
        of_text = self._problem_of_text()
        return (self.how, of_text) if of_text else None

    def _problem_of_text(self) -> str | None:
        longest = MAX_GLOB_LENGTH if self.how == "glob" else MAX_CLAIM_LENGTH
        if not self.text:
            return "Write what the claim must be."
        if len(self.text) > longest:
            return f"Write at most {longest} characters."
        if has_control(self.text):
            return "Control characters are not allowed."
        return _GLOB.refusal(self.text) if self.how == "glob" else None

    def is_met_by(self, text: str) -> bool:
        """Whether a claim that says ``text`` meets it."""
        if self.how == "glob":
            return glob_matches(self.text, text)
        if self.how == "iequals":
            return fold(self.text) == fold(text)
        return self.how == "equals" and self.text == text

    def check(self, claims: Mapping[str, Any]) -> Check:
        """Compare with a token's claims; of a list one member must meet it."""
        said = Said.of(claimnames.find(claims, self.claim))
        ok = any(self.is_met_by(text) for text in said.texts)
        return Check(self.claim, self.text, said.shown, ok, explained=sentences.rule_unmet)

    def meaning(self) -> tuple[tuple[str, ...], str, str]:
        """Equal for two rules that mean the same."""
        if self.how == "glob" and not {"*", "?"} & set(self.text):
            return self.path, "equals", self.text
        if self.how == "iequals":
            return self.path, "iequals" if _LETTER.search(self.text) else "equals", fold(self.text)
        return self.path, self.how, self.text


@dataclass(frozen=True)
class Rules(Constraint):
    """A list of rules, all of which must be met."""

    identity_claims: tuple[str, ...] = ()  # have fields of their own

    stores: ClassVar[type] = dict

    def refusal_of(self, rule: Rule) -> str | None:
        """Why a rule cannot stand here, as a sentence; None when it can."""
        own = next((name for name in self.identity_claims if claimnames.path_of(name) == rule.path), None)
        if own is not None:
            return f"“{own}” is an identity claim: its value stands in its own field."
        wrong = rule.problem()
        return wrong[1] if wrong else None

    def checks(self, expected: Any, reading: Reading) -> list[Check]:
        """One for each rule. The reading holds the token's claims under the field's name."""
        claims = reading.get(self.name)
        looked_into = claims if isinstance(claims, Mapping) else {}
        return [rule.check(looked_into) for rule in rules_of(expected)]

    def narrows(self, value: Any) -> int:
        """Each rule does."""
        return len({rule.meaning() for rule in rules_of(value)})

    def compared(self, value: Any) -> Any:
        """Neither the order of the rules nor how a claim's name is spelled matters."""
        return sorted({json.dumps(rule.meaning()) for rule in rules_of(value)})

    def spoken(self, value: Any) -> str:
        """Each rule's claim and text."""
        rules = rules_of(entry for entry in value if isinstance(entry, Mapping)) if isinstance(value, list) else []
        return ", ".join(str(rule) for rule in rules if rule.claim or rule.text)

    def warning(self, value: Any) -> str | None:
        """Several of which one token rarely meets all."""
        rules = distinct(rules_of(value))
        exact = Counter(rule.path for rule in rules if rule.meaning()[1] == "equals")
        torn = [rule.claim for rule in rules if exact[rule.path] > 1]
        return sentences.torn_rules(torn[0]) if torn else None


def rules_of(value: Any) -> list[Rule]:
    """The rules that a publisher's value holds."""
    return [Rule.of(entry) for entry in value or ()]


def distinct(rules: Sequence[Rule]) -> list[Rule]:
    """Each meaning once, in the order of the first that has it."""
    kept: dict[Any, Rule] = {}
    for rule in rules:
        kept.setdefault(rule.meaning(), rule)
    return list(kept.values())


def _text_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    fits = isinstance(value, str) and len(value) <= MAX_CLAIM_LENGTH and not has_control(value)
    return value if fits else None


def _described(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        long = len(value) > MAX_CLAIM_LENGTH
        return f"(a text of {len(value)} characters)" if long else "(a text with control characters)"
    return "(an object)" if isinstance(value, Mapping) else "(a number with a fraction)"


def _shortened(texts: Sequence[str]) -> list[str]:
    """As many as fit where one text may stand."""
    shown, room = list[str](), MAX_CLAIM_LENGTH
    for text in map(sentences.cut, texts):
        room -= len(text)
        if room < 0:
            return [*shown, f"… and {len(texts) - len(shown)} more"]
        shown.append(text)
    return shown
