"""Attestations that were published: README.md tells which."""
