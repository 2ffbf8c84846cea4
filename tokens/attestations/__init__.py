"""Attestations (PEP 740): what a CI job signs of a file, verified when it comes, and read by whoever installs it.

Only ``verifying`` and ``trust`` import pypi-attestations and sigstore, and they are imported by the first upload that
has attestations: a process that sees none is spared their memory.
"""
