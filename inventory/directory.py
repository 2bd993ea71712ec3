"""The directory of a board: what each unit is and where, read from the shelters' bodies in the mirror.

Bodies are decoded once per change and never per request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from inventory.bodies import ShelterBody
from kernel.journal import Subject
from kernel.live.mirror import Mirror

_decode = msgspec.json.Decoder(ShelterBody).decode


@dataclass(frozen=True, slots=True)
class Filter:
    """What GET /board may be narrowed to; None leaves a criterion out."""

    commune: str | None = None
    audience: str | None = None
    regime: str | None = None
    shelter: UUID | None = None

    @property
    def empty(self) -> bool:
        return self == Filter()


class Directory:
    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._known: dict[UUID, tuple[Subject, dict[str, dict[str, Any]]]] = {}

    def units(self) -> dict[str, dict[str, Any]]:
        """Return unit id -> its attributes, with `shelter` and `commune`."""
        found: dict[str, dict[str, Any]] = {}
        for subject in self._mirror.subjects():
            if subject.kind == "shelter" and not subject.gone:
                found |= self._of(subject)
        return found

    def _of(self, subject: Subject) -> dict[str, dict[str, Any]]:
        known = self._known.get(subject.id)
        if known is not None and known[0] is subject:
            return known[1]
        body = _decode(subject.body)
        units = {
            str(unit.id): {
                "shelter": body.id,
                "commune": body.commune,
                "audience": unit.audience,
                "regime": unit.regime,
                "allotment": unit.allotment,
            }
            for unit in body.units
        }
        self._known[subject.id] = (subject, units)
        return units


def kept(about: dict[str, dict[str, Any]], wanted: Filter) -> set[UUID]:
    """Return the ids of units, and of shelters with such a unit, that the filter lets through."""
    ids: set[UUID] = set()
    for unit_id, unit in about.items():
        if (
            (wanted.commune is None or unit["commune"] == wanted.commune)
            and (wanted.audience is None or wanted.audience in unit["audience"])
            and (wanted.regime is None or unit["regime"] == wanted.regime)
            and (wanted.shelter is None or unit["shelter"] == wanted.shelter)
        ):
            ids |= {UUID(unit_id), unit["shelter"]}
    return ids
