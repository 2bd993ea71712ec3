"""Bodies: the JSON of units and shelters as the journal, Redis and the wire carry them, without seq.

No address, phone or position of a secret shelter is ever in a body (I11).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID

import msgspec

from inventory.model.facts import OutOfService
from inventory.model.state import UnitState
from inventory.model.unit import Operator, Shelter, Unit


class ComingBody(msgspec.Struct, frozen=True):
    """What was counted for a night that has not begun."""

    night: date
    free: int
    over_by: int
    at: datetime


class UnitBody(msgspec.Struct, frozen=True):
    id: UUID
    shelter: UUID
    secret: bool
    status: str
    free: int
    held: int
    over_by: int
    holdable: bool
    capacity: int
    out_of_service: tuple[OutOfService, ...]
    intake: str
    intake_until: datetime | None
    night: date
    confirmed_at: datetime | None
    aging_at: datetime | None
    stale_at: datetime | None
    silent_at: datetime | None
    confirmed_by: str | None
    count_report: UUID | None
    coming: ComingBody | None
    flags: tuple[str, ...]


class OperatorBody(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class UnitAbout(msgspec.Struct, frozen=True):
    """What a unit is, inside its shelter's body."""

    id: UUID
    name: str
    audience: tuple[str, ...]
    age_min: int | None
    age_max: int | None
    party_min: int
    party_max: int | None
    allotment: str
    room_size: int | None
    regime: str
    turnover: str
    step_free: bool | None
    pets: bool | None
    tolerance: str | None
    medical_care: bool | None
    max_stay_nights: int | None
    surge: bool
    expires_at: datetime | None


class ShelterBody(msgspec.Struct, frozen=True):
    id: UUID
    operator: OperatorBody
    name: str
    commune: str
    secret: bool
    invented: bool
    closed: bool
    address: str | None
    location: tuple[float, float] | None
    phone: str | None
    languages: tuple[str, ...]
    opens: time | None
    closes: time | None
    intake_from: time | None
    intake_to: time | None
    units: tuple[UnitAbout, ...]


_encode = msgspec.json.Encoder().encode


def unit_body(state: UnitState, secret: bool) -> bytes:
    fresh, coming = state.fresh, state.coming
    return _encode(
        UnitBody(
            state.unit_id,
            state.shelter_id,
            secret,
            state.status.value,
            state.free,
            state.held,
            state.over_by,
            state.holdable,
            state.capacity,
            state.out_of_service,
            "paused" if state.intake.paused else "open",
            state.intake.until,
            state.night,
            fresh.confirmed_at,
            fresh.aging_at,
            fresh.stale_at,
            fresh.silent_at,
            state.confirmed_by,
            state.count_report,
            None if coming is None else ComingBody(coming.night, coming.free, coming.over_by, coming.at),
            tuple(flag.value for flag in state.flags),
        )
    )


def shelter_body(shelter: Shelter, operator: Operator, units: Sequence[Unit]) -> bytes:
    told = not shelter.secret
    located = told and shelter.latitude is not None and shelter.longitude is not None
    return _encode(
        ShelterBody(
            id=shelter.id,
            operator=OperatorBody(operator.id, operator.name),
            name=shelter.name,
            commune=shelter.commune,
            secret=shelter.secret,
            invented=shelter.invented,
            closed=shelter.closed,
            address=shelter.address if told else None,
            location=(shelter.longitude or 0.0, shelter.latitude or 0.0) if located else None,
            phone=shelter.phone if told else None,
            languages=shelter.languages,
            opens=shelter.opens,
            closes=shelter.closes,
            intake_from=shelter.intake_from,
            intake_to=shelter.intake_to,
            units=tuple(map(_about, sorted(units, key=lambda unit: (unit.name, unit.id)))),
        )
    )


def _about(unit: Unit) -> UnitAbout:
    return UnitAbout(
        id=unit.id,
        name=unit.name,
        audience=tuple(unit.audience),
        age_min=unit.age_min,
        age_max=unit.age_max,
        party_min=unit.party_min,
        party_max=unit.party_max,
        allotment=unit.allotment,
        room_size=unit.room_size,
        regime=unit.regime,
        turnover=unit.turnover,
        step_free=unit.step_free,
        pets=unit.pets,
        tolerance=unit.tolerance,
        medical_care=unit.medical_care,
        max_stay_nights=unit.max_stay_nights,
        surge=unit.surge,
        expires_at=unit.expires_at,
    )
