"""What differs between two states, in words."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

MAX_SAID = 200  # characters of a value


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What differs, one text each: ``enabled: yes → no``."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [f"{name}: {spoken(before.get(name))} → {spoken(after.get(name))}" for name in names]


def spoken(value: Any) -> str:
    """A value as people say it, and not too much of it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Iterable) and not isinstance(value, str):
        value = ", ".join(_as_toml(member) if isinstance(member, Mapping) else str(member) for member in value)
    text = "none" if value is None or value == "" else str(value)
    return text if len(text) <= MAX_SAID else f"{text[:MAX_SAID]}…"


def _as_toml(table: Mapping[str, str]) -> str:
    """PostgreSQL keeps no order of members, so they are sorted."""
    said = [f"{key} = {json.dumps(text, ensure_ascii=False)}" for key, text in sorted(table.items())]
    return f"{{ {', '.join(said)} }}"
