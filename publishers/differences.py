"""What differs between two states, in words: as ``registry.differences`` says it."""

from registry.differences import differences, spoken

__all__ = ["differences", "spoken"]
