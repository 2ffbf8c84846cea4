"""A rate such as ``120/min``: so many in so long."""

import re
from dataclasses import dataclass

MOST = 1_000_000

_NAMES = {1: ("s", "sec", "second"), 60: ("min", "m", "minute"), 3600: ("h", "hour"), 86400: ("d", "day")}
_SECONDS = {name: seconds for seconds, names in _NAMES.items() for name in names}
_RATE = re.compile(r"([1-9][0-9]{0,6})/([a-z]+)")


@dataclass(frozen=True)
class Rate:
    """At most ``most`` in any span of ``seconds``."""

    most: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """From ``120/min``; the span is a second, minute, hour or day. Raises ValueError."""
        found = _RATE.fullmatch(text)
        if found is None or found[2] not in _SECONDS or int(found[1]) > MOST:
            raise ValueError(text)
        return cls(int(found[1]), _SECONDS[found[2]])

    def __str__(self) -> str:
        return f"{self.most}/{_NAMES[self.seconds][0]}"
