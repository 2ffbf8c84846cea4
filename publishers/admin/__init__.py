"""Issuers and publishers, for administrators."""

from publishers.admin import issuers, publishers

__all__ = ["issuers", "publishers"]
