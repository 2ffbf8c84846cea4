"""Issuers and publishers, for administrators."""

from publishers.admin import issuers, publishers, switches

__all__ = ["issuers", "publishers", "switches"]
