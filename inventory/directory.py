"""The directory of a board: what each unit is and where, read from the shelters' bodies in the mirror.

Bodies are decoded once per change and never per request, and nothing in here grows with the region per request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from inventory.bodies import ShelterBody
from kernel.journal import Subject
from kernel.live.mirror import Change, Mirror

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
    """Kept up with the mirror: a change notes which shelters are to be read again, once somebody looks."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._units: dict[str, dict[str, Any]] = {}
        self._of_shelter: dict[UUID, Iterable[str]] = {}
        self._changed: set[UUID] = set()
        self._on_change(Change({}, renewed=True))
        mirror.listen(self._on_change)

    def units(self) -> Mapping[str, dict[str, Any]]:
        """Return unit id -> its attributes, with `shelter` and `commune`, as of now: a change makes another one."""
        if self._changed:
            # Whoever was given this one may still be reading: a large board is told in portions.
            self._units = dict(self._units)
        for shelter_id in self._changed:
            for unit_id in self._of_shelter.pop(shelter_id, ()):
                self._units.pop(unit_id, None)
            subject = self._mirror.get(shelter_id)
            if subject is not None and subject.kind == "shelter" and not subject.gone:
                units = self._of(subject)
                self._of_shelter[shelter_id] = units.keys()
                self._units |= units
        self._changed.clear()
        return self._units

    def _on_change(self, change: Change) -> None:
        if change.renewed:
            self._units, self._of_shelter = {}, {}
            self._changed = {subject.id for subject in self._mirror.subjects() if subject.kind == "shelter"}
        for subject_id in change.before:
            subject = self._mirror.get(subject_id)
            if subject is not None and subject.kind == "shelter":
                self._changed.add(subject_id)

    def _of(self, subject: Subject) -> dict[str, dict[str, Any]]:
        body = _decode(subject.body)
        return {
            str(unit.id): {
                "shelter": body.id,
                "commune": body.commune,
                "audience": unit.audience,
                "regime": unit.regime,
                "allotment": unit.allotment,
                "alike": (unit.allotment, tuple(unit.audience), body.commune),
            }
            for unit in body.units
        }


def kept(about: Mapping[str, dict[str, Any]], wanted: Filter) -> set[UUID]:
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
