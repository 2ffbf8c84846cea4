"""Any OpenID Connect issuer. An administrator names its claims, a maintainer says what they must be.

Nothing is known here of what the claims mean. ``publishers.presets`` says which to name for some platforms.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from publishers import claimnames, sentences
from publishers.errors import InvalidToken
from publishers.providers.base import Provider, WrongEntries, indexable
from publishers.providers.claims import MAX_CLAIM_LENGTH, Claims, required_id, required_text
from publishers.providers.fields import Field, Pin, Reading
from publishers.providers.rules import Rule, Rules, rules_of

# The field of the rules; the key of an apply file as well.
CLAIMS = "claims"
MAX_DESCRIBED = 3


class Generic(Provider):
    """A workload that is known by the claims that the issuer's row names."""

    name = "generic"
    label = "Generic OpenID Connect"
    names_claims = True
    narrowed_by = (CLAIMS,)
    unnarrowed = "No further claim narrows this publisher: every job that has its identity claims may publish."

    def __init__(self, issuer_url: str, identity_claims: Sequence[str] = (), pinned_claims: Sequence[str] = ()) -> None:
        super().__init__(issuer_url, identity_claims, pinned_claims)
        self.fields = (*map(_identity_field, identity_claims), _rules(identity_claims))
        self.trusts = f"any job whose {' and '.join(f'{name} is {{{name}}}' for name in identity_claims)}"
        self.pins = tuple(Pin(name, name) for name in pinned_claims)

    def read(self, claims: Claims) -> Reading:
        """The named claims, and all of them for the rules to look into."""
        if not self.identity_claims:
            raise InvalidToken(f"No identity claim is named for {self.issuer_url}: an administrator has to.")
        said = {name: required_text(name, claimnames.find(claims, name)) for name in self.identity_claims}
        ids = {name: required_id(name, claimnames.find(claims, name)) for name in self.pinned_claims}
        return {**said, **ids, CLAIMS: claims}

    def identity(self, values: Mapping[str, Any]) -> str:
        """With the claims' names: a publisher of before they were others stands nowhere."""
        said = [(claimnames.path_of(name), str(values.get(name, ""))) for name in self.identity_claims]
        return indexable(json.dumps(sorted(said), ensure_ascii=False, separators=(",", ":")))

    def place(self, values: Mapping[str, Any]) -> str:
        """``system:serviceaccount:ci:publisher``, or ``repository acme/tool, workflow release.yml``."""
        said = {name: sentences.cut(str(values.get(name, "?"))) for name in self.identity_claims}
        return ", ".join(f"{name} {value}" for name, value in said.items()) if len(said) > 1 else "".join(said.values())

    def describe(self, values: Mapping[str, Any]) -> str:
        """``repository acme/tool, workflow release.yml · ref refs/tags/v*``."""
        rules = rules_of(values.get(CLAIMS))
        said = [self.place(values), *map(str, rules[:MAX_DESCRIBED])]
        if len(rules) > MAX_DESCRIBED:
            said.append(f"{len(rules) - MAX_DESCRIBED} more")
        return " · ".join(said)

    def key_in_file(self, field_name: str) -> str:
        """Identity claims stand among the others."""
        return CLAIMS if field_name in self.identity_claims else field_name

    def values_in_file(self, keys: Mapping[str, Any]) -> dict[str, Any]:
        """Entries about identity claims become those fields; the rest are the rules."""
        named = {claimnames.path_of(name): name for name in self.identity_claims}
        rules = rules_of(keys.get(CLAIMS))
        said: dict[str, str] = {}
        for rule in rules:
            if rule.path in named:
                self._take(rule, named[rule.path], said)
        missing = [name for name in self.identity_claims if name not in said]
        if missing:
            raise WrongEntries(CLAIMS, f'there is none about "{missing[0]}", an identity claim of {self.issuer_url}.')
        return {**keys, **said, CLAIMS: [rule.as_entry() for rule in rules if rule.path not in named]}

    def as_in_file(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Entries about identity claims, then the rules."""
        said = [{"claim": name, "equals": values[name]} for name in self.identity_claims if name in values]
        return {CLAIMS: [*said, *(values.get(CLAIMS) or [])]}

    def _take(self, rule: Rule, name: str, said: dict[str, str]) -> None:
        where = f'"{name}" is an identity claim of {self.issuer_url}'
        if rule.how != "equals":
            raise WrongEntries(CLAIMS, f'{where}: give its exact value with "equals", not with "{rule.how}".')
        if name in said:
            raise WrongEntries(CLAIMS, f"{where}: it has one value only.")
        said[name] = rule.text


def _identity_field(name: str) -> Field:
    return Field(
        name,
        name,
        hint=f"The exact value of the claim {name}: it says which workload this is.",
        max_length=MAX_CLAIM_LENGTH,
    )


def _rules(identity_claims: Sequence[str]) -> Rules:
    return Rules(
        CLAIMS,
        "Further claims",
        hint="What else the token must say. A name that begins with / is a JSON Pointer, such as "
        "/kubernetes.io/namespace. A pattern begins with literal text; * and ? stop at / and :, ** does not. Empty a "
        "row to remove its rule.",
        clause="where {value}",
        recommended=True,
        identity_claims=tuple(identity_claims),
    )
