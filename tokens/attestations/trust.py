"""Whom attestations are checked against: the authority and the logs of Sigstore's public instance.

Sigstore's own way to its trusted root asks the network, or else reads a copy in the home directory that an older
version may have left there. Here it is the file that the installed sigstore brings, or the one that
SIGSTORE_TRUSTED_ROOT names. Its form: https://docs.sigstore.dev/about/security/ ("Sigstore's root of trust").
"""

import functools

from django.conf import settings
from sigstore._internal.tuf import DEFAULT_TUF_URL
from sigstore._utils import read_embedded
from sigstore.models import TrustedRoot
from sigstore.verify import Verifier
from sigstore_models.trustroot.v1 import TrustedRoot as Document


def verifier() -> Verifier:
    """What verifies signatures, certificates and log entries, without asking anybody."""
    return _verifier(settings.SIGSTORE_TRUSTED_ROOT)


@functools.lru_cache(maxsize=4)
def _verifier(path: str) -> Verifier:
    if path:
        return Verifier(trusted_root=TrustedRoot.from_file(path))
    document = Document.from_json(read_embedded("trusted_root.json", DEFAULT_TUF_URL))
    return Verifier(trusted_root=TrustedRoot(document))
