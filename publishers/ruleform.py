"""The form field of a publisher's rules: rows to type in, or the list that machines send.

A row's inputs are called ``claims-0-claim``, ``claims-0-how`` and ``claims-0-text``. A machine sends
``[{"claim": "ref", "glob": "refs/tags/v*"}, …]`` as the field itself.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from publishers.providers.rules import HOWS, MAX_RULES, Rule, Rules, distinct, rules_of

SPARE_ROWS = 3
NO_ENTRY = f"Give `claim` and one of {', '.join(f'`{how}`' for how in HOWS)}, all of them texts."


class RulesWidget(forms.Widget):
    """A row for each rule and some empty ones; works without scripts."""

    template_name = "widgets/rules.html"
    use_fieldset = True

    class Media:
        css = {"all": ["rules.css"]}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """The rows, as many as there are rules and some more."""
        context = super().get_context(name, value, attrs)
        entries = [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
        while entries and not any(entries[-1].values()):
            entries.pop()
        spare = max(0, min(SPARE_ROWS, MAX_RULES - len(entries)))
        rules = enumerate([*rules_of(entries), *[Rule("", "", "")] * spare])
        rows = [{"number": place + 1, "name": f"{name}-{place}", "rule": rule} for place, rule in rules]
        return {**context, "rows": rows, "hows": HOWS.items()}

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """With the templates of the pages, which the forms' own renderer does not know."""
        return mark_safe(render_to_string(self.template_name, self.get_context(name, value, attrs)))  # noqa: S308

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """The rows in their order, empty ones too, so that each keeps its number; else what a machine sent."""
        row = re.compile(rf"{re.escape(name)}-(\d{{1,4}})-(?:claim|text)")
        numbers = {int(found[1]) for key in data if (found := row.fullmatch(key))}
        return [_entry(data, f"{name}-{number}") for number in sorted(numbers)] if numbers else data.get(name)

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """Neither rows nor a list."""
        return self.value_from_datadict(data, files, name) is None

    def id_for_label(self, id_: str) -> str:
        """The first input."""
        return f"{id_}-0-claim" if id_ else id_


class RulesField(forms.Field):
    """The rules, each once."""

    widget = RulesWidget

    def __init__(self, part: Rules) -> None:
        super().__init__(label=part.label, help_text=part.hint, required=False)
        self.part = part

    def to_python(self, value: Any) -> list[dict[str, str]]:
        """The entries to store. Raises ValidationError with a sentence per row that is wrong."""
        if value in (None, ""):
            return []
        if not isinstance(value, list):
            raise ValidationError("Give a list of rules.", code="invalid")
        numbered = [(number, _stripped(entry)) for number, entry in enumerate(value, 1) if not _is_empty(entry)]
        wrong = [ValidationError(sentence) for number, entry in numbered for sentence in self._wrong(number, entry)]
        if wrong:
            raise ValidationError(wrong)
        rules = distinct([Rule.of(entry) for _, entry in numbered])
        if len(rules) > MAX_RULES:
            raise ValidationError(f"At most {MAX_RULES} rules.", code="invalid")
        return [rule.as_entry() for rule in rules]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the rules are others than before."""
        try:
            return self.to_python(data) != self.to_python(initial)
        except ValidationError:
            return True

    def _wrong(self, number: int, entry: Any) -> Iterator[str]:
        if not is_entry(entry):
            yield f"Rule {number}: {NO_ENTRY[0].lower()}{NO_ENTRY[1:]}"
            return
        rule = Rule.of(entry)
        problem = self.part.refusal_of(rule)
        if problem:
            yield f"Rule {number} ({rule.claim}): {problem}" if rule.claim else f"Rule {number}: {problem}"


def _entry(data: Mapping[str, Any], row: str) -> dict[str, Any]:
    return {"claim": data.get(f"{row}-claim", ""), str(data.get(f"{row}-how", "")): data.get(f"{row}-text", "")}


def is_entry(entry: Any) -> bool:
    """Whether it names a claim and says in one way what it must be, be it well or not."""
    if not isinstance(entry, dict) or len(entry) != 2 or "claim" not in entry:
        return False
    return len(HOWS.keys() & entry.keys()) == 1 and all(isinstance(value, str) for value in entry.values())


def _is_empty(entry: Any) -> bool:
    return is_entry(entry) and not any(value.strip() for value in entry.values())


def _stripped(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {key: value.strip() if isinstance(value, str) else value for key, value in entry.items()}
