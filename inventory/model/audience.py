"""Who sees what (I11): one pure projection for board, deltas, totals, history and exports.

A secret shelter's counts are bucketed for everybody but its own staff. A body is a subject's JSON
without seq, as the journal holds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from inventory.model.state import Status, available


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


def holdable(unit: Mapping[str, Any]) -> bool:
    """Tell whether what a body says to be free may be held. Bodies of before it was written into them: where open."""
    said: bool = unit.get("holdable", unit["status"] == Status.OPEN)
    return said


def left(unit: Mapping[str, Any]) -> int:
    """Return how many may still be held, by a body that is not masked."""
    return available(holdable(unit), unit["free"], unit["held"])


# The least a band can mean: what totals may add up without telling more than the band does.
BAND_FLOOR = {"0": 0, "1-2": 1, "3+": 3}


def mask(unit: dict[str, Any]) -> dict[str, Any]:
    """Return what others than its staff see of a secret shelter's unit."""
    head = {"id": unit["id"], "shelter": unit["shelter"], "masked": True, "band": band(left(unit))}
    return head | {"holdable": holdable(unit)} | {name: unit[name] for name in _MASKED_FIELDS}


class _Whose(msgspec.Struct, frozen=True):
    """The part of a body that decides who sees it. A shelter's own id is the shelter's."""

    id: UUID
    secret: bool
    shelter: UUID | None = None


_whose = msgspec.json.Decoder(_Whose).decode


def judge(kind: str, body: bytes) -> tuple[UUID, bytes | None]:
    """Return whose a subject is (a shelter), and its body for everybody else where that is another one."""
    whose = _whose(body)
    if kind == "shelter":
        return whose.id, None
    if whose.shelter is None:
        raise ValueError("a unit's body must name its shelter")
    return whose.shelter, _encode(mask(_decode(body))) if kind == "unit" and whose.secret else None


def sight(audience: Audience) -> tuple[frozenset[UUID], bool]:
    """Return whose subjects an audience sees as they are, and whether it may not see any other."""
    return audience.own, audience.only_own


def sees_exactly(kind: str, body: bytes, audience: Audience) -> bool:
    """Tell whether this audience sees the subject as it is, and so every change of it."""
    shelter_id, masked = judge(kind, body)
    return shelter_id in audience.own or (masked is None and not audience.only_own)


def project(kind: str, body: bytes, audience: Audience) -> bytes | None:
    """Return the subject as this audience may see it, or None where it may not know of it."""
    shelter_id, masked = judge(kind, body)
    if shelter_id in audience.own:
        return body
    return None if audience.only_own else masked or body


def masked_view_changed(before: bytes | None, after: bytes) -> bool:
    """Tell whether an outsider of a secret shelter would see a difference between two unit bodies."""
    if before is None:
        return True
    old, new = _decode(before), _decode(after)
    if not (old["secret"] and new["secret"]):
        return True
    return mask(old) != mask(new)
