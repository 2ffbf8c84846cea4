"""The two kinds of DER that extensions of certificates hold, and texts as logs write them."""

import base64
import hashlib
import json
from typing import Any

UTF8_STRING, OCTET_STRING = 0x0C, 0x04


def text(value: str) -> bytes:
    """A UTF8String."""
    return _tagged(UTF8_STRING, value.encode())


def octets(value: bytes) -> bytes:
    """An OCTET STRING."""
    return _tagged(OCTET_STRING, value)


def sha256(data: bytes) -> bytes:
    """A digest."""
    return hashlib.sha256(data).digest()


def base64_of(data: bytes) -> str:
    """Bytes in JSON."""
    return base64.b64encode(data).decode()


def canonical(document: Any) -> bytes:
    """JSON as RFC 8785 has it, of ASCII texts and whole numbers."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _tagged(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 128:
        return bytes([tag, length]) + value
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + value
