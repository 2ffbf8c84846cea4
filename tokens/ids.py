"""Ids of exchanges."""

import secrets
import time
import uuid


def uuid7() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562, section 5.7): milliseconds, then random bits, so that rows lie in time's order."""
    stamp = time.time_ns() // 1_000_000
    number = (stamp & (1 << 48) - 1) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62)
