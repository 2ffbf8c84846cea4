"""What the tests of the publishers share."""

from tests.issuers import authority, authority_file, issuer, signing_key, trusted

__all__ = ["authority", "authority_file", "issuer", "signing_key", "trusted"]
