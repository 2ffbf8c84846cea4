"""What one run of ``apply`` was told, did and found: the tables' functions share it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms

from publishers import differences as in_words
from publishers.applying.keys import Errors, Table
from registry.actors import Actor
from registry.models import User


@dataclass
class Run:
    """What the run was told to do, and what it has done and found so far."""

    prune: bool = False
    actor: Actor = field(default_factory=lambda: Actor("apply"))
    errors: Errors = field(default_factory=Errors)
    changes: list[str] = field(default_factory=list)

    def say(self, change: str) -> None:
        """Note one change, in words."""
        self.changes.append(change)

    def users(self, table: Table, key: str) -> dict[str, User] | None:
        """The users that a key names, by their names; None, with errors, if there are not all of them."""
        names = table.get(key, [])
        names = [names] if isinstance(names, str) else names
        found = {user.username: user for user in User.objects.filter(username__in=names)}
        for name in names:
            if name not in found:
                self.errors.add(table.where, f'there is no user "{name}".', key)
        return found if len(found) == len(set(names)) else None

    def refuse(self, table: Table, form: forms.BaseForm, keys: Mapping[str, str]) -> None:
        """Collect a form's errors; ``keys`` says which fields are called otherwise in the file."""
        for name, problems in form.errors.items():
            key = "" if name == "__all__" else keys.get(name, name)
            for problem in problems:
                self.errors.add(table.where, str(problem), key)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What differs, in one line: ``enabled: yes → no, environment: none → pypi``."""
    return ", ".join(in_words.differences(before, after))
