"""The form of a publisher as a page draws it: in groups, with the sentence that says what will be trusted."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.forms import BoundField

from publishers.forms import PublisherForm
from publishers.providers.phrases import Phrase


@dataclass(frozen=True)
class Drawn:
    """Which workload, what narrows it, and the rest; the last two are folded while they say nothing."""

    form: PublisherForm
    project_name: str = ""  # of the project that stands

    @property
    def first(self) -> list[BoundField]:
        """What says which workload it is, and the constraint that is recommended."""
        names = [part.name for part in self.form.kind.fields if part.identity or part.recommended]
        return self._drawn(["project_name", *names, "pin_at_first_use"])

    @property
    def narrowing(self) -> list[BoundField]:
        """The other constraints."""
        return self._drawn(part.name for part in self.form.kind.fields if not (part.identity or part.recommended))

    @property
    def more(self) -> list[BoundField]:
        """What is not about the workload, and the ids."""
        switch = ["enabled"] if self.form.publisher else []
        return self._drawn(["label", *switch, "expires_at", *self.form.pin_fields])

    @property
    def narrowing_is_open(self) -> bool:
        """Whether there is something to see."""
        return any(field.value() or field.errors for field in self.narrowing)

    @property
    def more_is_open(self) -> bool:
        """The same."""
        return any((field.value() and field.name != "enabled") or field.errors for field in self.more)

    @property
    def phrases(self) -> list[Phrase]:
        """The sentence, of what stands in the fields, right or wrong."""
        return self.form.kind.phrases(self._values())

    @property
    def is_narrowed(self) -> bool:
        """Whether one of the constraints is set that should be."""
        wanted = self.form.kind.narrowed_by
        return not wanted or any(phrase.is_said for phrase in self.phrases if phrase.field in wanted)

    @property
    def narrowed_by(self) -> str:
        """For the script: the names of the fields one of which should be set."""
        return " ".join(self.form.kind.narrowed_by)

    @property
    def warnings(self) -> list[str]:
        """What is to be known of single values."""
        values = self.form.cleaned_data if self.form.is_bound else self._values()
        said = [
            part.warning(value)
            for part in self.form.kind.fields
            for value in [values.get(part.name)]
            if isinstance(value, list if part.stores is dict else part.stores)  # a link may say anything
        ]
        return [sentence for sentence in said if sentence]

    def _values(self) -> dict[str, object]:
        return {name: self.form[name].value() for name in self.form.provider_fields}

    def _drawn(self, names: Iterable[str]) -> list[BoundField]:
        return [self.form[name] for name in names if name in self.form.fields]
