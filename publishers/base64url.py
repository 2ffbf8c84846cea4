"""Base64url without padding (RFC 7515 section 2): one text for one value."""

import base64
import binascii


def encode(data: bytes) -> str:
    """The only text that ``decode`` reads as ``data``."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises ValueError for padding, other letters, and leftover bits: no value has two texts."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64url") from None
    if encode(data) != text:
        raise ValueError("not base64url")
    return data
