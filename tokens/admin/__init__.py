"""Exchanges, tokens and provenance: found and read; tokens are revoked, nothing else changes."""

from tokens.admin import exchanges, notices, provenance, tallies, tokens

__all__ = ["exchanges", "notices", "provenance", "tallies", "tokens"]
