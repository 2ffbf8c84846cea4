"""The transparency log (Rekor): entries with what proves that they are in it.

Entries: https://docs.sigstore.dev/logging/overview/ and the types of https://github.com/sigstore/rekor ("dsse", 0.0.1).
Trees: RFC 9162, section 2. Checkpoints: https://github.com/transparency-dev/formats/blob/main/log/README.md
"""

import hashlib
import time
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.sigstore import der
from tests.sigstore.authority import log_id, new_key, sign

ORIGIN = "a log of the tests - 1"


class Log:
    """Each entry is the second one of a tree of two."""

    def __init__(self) -> None:
        self.key = new_key()

    def entry(
        self, statement: bytes, signature: bytes, certificate: x509.Certificate, when: int | None = None
    ) -> dict[str, Any]:
        """What the log says of a signed statement, as an attestation holds it."""
        when = int(time.time()) if when is None else when
        body = der.canonical(_body(statement, signature, certificate))
        neighbour = der.sha256(b"\0another entry")
        root = der.sha256(b"\1" + neighbour + der.sha256(b"\0" + body))
        promised = {"body": der.base64_of(body), "integratedTime": when, "logID": log_id(self.key).hex(), "logIndex": 1}
        return {
            "logIndex": "1",
            "logId": {"keyId": der.base64_of(log_id(self.key))},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(when),
            "inclusionPromise": {"signedEntryTimestamp": der.base64_of(sign(self.key, der.canonical(promised)))},
            "inclusionProof": {
                "logIndex": "1",
                "rootHash": der.base64_of(root),
                "treeSize": "2",
                "hashes": [der.base64_of(neighbour)],
                "checkpoint": {"envelope": self._checkpoint(root)},
            },
            "canonicalizedBody": der.base64_of(body),
        }

    def _checkpoint(self, root: bytes) -> str:
        note = f"{ORIGIN}\n2\n{der.base64_of(root)}\n"
        signed = log_id(self.key)[:4] + sign(self.key, note.encode())
        return f"{note}\n\u2014 {ORIGIN.split()[0]} {der.base64_of(signed)}\n"


def _body(statement: bytes, signature: bytes, certificate: x509.Certificate) -> dict[str, Any]:
    verifier = der.base64_of(certificate.public_bytes(Encoding.PEM))
    return {
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(b"an envelope").hexdigest()},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(statement).hexdigest()},
            "signatures": [{"signature": der.base64_of(signature), "verifier": verifier}],
        },
    }
