"""Who sees what (I11): one pure projection for board, deltas, totals, history and exports.

A secret shelter's counts are bucketed for everybody but its own staff. A body is a subject's JSON
without seq, as the journal holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec


@dataclass(frozen=True, slots=True)
class Audience:
    """`own` are the shelters whose counts are seen exactly; `only_own` hides every other one."""

    own: frozenset[UUID] = frozenset()
    only_own: bool = False


_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

_MASKED_FIELDS = (
    "status",
    "night",
    "confirmed_at",
    "aging_at",
    "stale_at",
    "silent_at",
    "intake",
    "intake_until",
)


def band(available: int) -> str:
    """Return the bucket of a secret count."""
    if available <= 0:
        return "0"
    return "1-2" if available <= 2 else "3+"


# The least a band can mean: what totals may add up without telling more than the band does.
BAND_FLOOR = {"0": 0, "1-2": 1, "3+": 3}


def shelter_of(kind: str, body: dict[str, Any]) -> UUID:
    return UUID(body["id"] if kind == "shelter" else body["shelter"])


def mask(unit: dict[str, Any]) -> dict[str, Any]:
    """Return what others than its staff see of a secret shelter's unit."""
    free = unit["free"] - unit["held"] if unit["status"] == "open" else 0
    head = {"id": unit["id"], "shelter": unit["shelter"], "masked": True, "band": band(free)}
    return head | {name: unit[name] for name in _MASKED_FIELDS}


def sees_exactly(kind: str, body: bytes, audience: Audience) -> bool:
    """Tell whether this audience sees the subject as it is, and so every change of it."""
    content = _decode(body)
    own = shelter_of(kind, content) in audience.own
    if audience.only_own and not own:
        return False
    return own or kind != "unit" or not content["secret"]


def project(kind: str, body: bytes, audience: Audience) -> bytes | None:
    """Return the subject as this audience may see it, or None where it may not know of it."""
    content = _decode(body)
    own = shelter_of(kind, content) in audience.own
    if audience.only_own and not own:
        return None
    if own or kind != "unit" or not content["secret"]:
        return body
    return _encode(mask(content))


def masked_view_changed(before: bytes | None, after: bytes) -> bool:
    """Tell whether an outsider of a secret shelter would see a difference between two unit bodies."""
    if before is None:
        return True
    old, new = _decode(before), _decode(after)
    if not (old["secret"] and new["secret"]):
        return True
    return mask(old) != mask(new)
