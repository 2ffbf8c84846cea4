"""Issuers that are trusted, and the workloads at them that may publish."""

from publishers.models.issuers import SIGNING_ALGORITHMS, Issuer, default_algorithms
from publishers.models.publishers import UNPINNED_LIFETIME, Publisher, fingerprint_of
from publishers.models.switches import EVERY_PROVIDER, SwitchedOff, switch_choices

__all__ = [
    "EVERY_PROVIDER",
    "SIGNING_ALGORITHMS",
    "UNPINNED_LIFETIME",
    "Issuer",
    "Publisher",
    "SwitchedOff",
    "default_algorithms",
    "fingerprint_of",
    "switch_choices",
]
