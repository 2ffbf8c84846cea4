"""A clock that stands until the test moves it: the fixture ``clock`` of ``tests.conftest``."""


class Clock:
    """Seconds since some moment."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
