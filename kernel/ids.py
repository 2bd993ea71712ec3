"""Identifiers. Everything the system names carries a UUID made by whoever names it first.

Ours are version 7 (RFC 9562): time-ordered, so inserts land at the end of an index, and random
enough (74 bits) that nobody guesses a neighbour's.
"""

from __future__ import annotations

import os
import time
from uuid import UUID

# They go on by the monotonic clock: what is made later stands later, also where this machine's clock is set back.
_BEGAN_NS = time.time_ns() - time.monotonic_ns()


def new_id() -> UUID:
    """Return a fresh UUID version 7."""
    unix_ms = (_BEGAN_NS + time.monotonic_ns()) // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = (unix_ms & 0xFFFF_FFFF_FFFF) << 80 | noise
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
