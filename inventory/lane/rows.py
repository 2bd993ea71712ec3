"""Rows to models and back: the one place that knows how a unit's registers lie in their columns.

A unit's hot row comes as JSON, which is read straight into a struct: cheaper than a driver's column by column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from inventory.model.counting import Basis, Count, Spoke, Stated
from inventory.model.facts import Intake, OutOfService
from inventory.model.state import Known, Shown, Status, UnitState
from inventory.model.story import Said, Spoken, Told
from inventory.model.unit import Admits, Allotment, Operator, Regime, Shelter, Tolerance, Turnover, Unit

Row: TypeAlias = asyncpg.Record
T = TypeVar("T")

_outs = msgspec.json.Decoder(tuple[OutOfService, ...])
_intakes = msgspec.json.Decoder(Intake)


def attributes(thing: Operator | Shelter | Unit) -> dict[str, Any]:
    """Return what a thing is defined by, by the names of its columns; `asdict` would copy every value of it, deeply."""
    return {one.name: getattr(thing, one.name) for one in fields(thing)}


def unit_of(row: Row) -> Unit:
    return Unit(
        id=row["id"],
        region_id=row["region_id"],
        shelter_id=row["shelter_id"],
        name=row["name"],
        audience=tuple(map(Admits, row["audience"])),
        allotment=Allotment(row["allotment"]),
        regime=Regime(row["regime"]),
        turnover=Turnover(row["turnover"]),
        room_size=row["room_size"],
        age_min=row["age_min"],
        age_max=row["age_max"],
        party_min=row["party_min"],
        party_max=row["party_max"],
        step_free=row["step_free"],
        pets=row["pets"],
        tolerance=Tolerance(row["tolerance"]) if row["tolerance"] else None,
        medical_care=row["medical_care"],
        max_stay_nights=row["max_stay_nights"],
        surge=row["surge"],
        expires_at=row["expires_at"],
        external_ref=row["external_ref"],
    )


class StateRow(msgspec.Struct, frozen=True):
    """A row of unit_state."""

    unit_id: UUID
    status: Status
    free: int
    held: int
    over_by: int
    night: date
    closed: bool
    reopened_at: datetime | None
    stuck_by: UUID | None
    reports: int
    count_prior_seq: int
    count_report: UUID | None
    count_at: datetime | None
    count_spoke: Spoke | None
    count_source: UUID | None
    count_free: int | None
    count_over_by: int | None
    count_night: date | None
    count_basis: Basis | None
    count_known_until: datetime | None
    count_skewed: bool | None
    coming: Count | None
    persons: tuple[Spoken, ...]
    fed_until: datetime | None
    capacity: int
    capacity_at: datetime
    capacity_report: UUID
    out_of_service: tuple[OutOfService, ...] | None
    out_of_service_at: datetime | None
    out_of_service_report: UUID | None
    intake: Intake | None
    intake_at: datetime | None
    intake_report: UUID | None
    policy: int

    @property
    def shown(self) -> Shown:
        """What the last journalled state showed, before time or a batch changed it."""
        return self.status, self.free, self.over_by, self.capacity, self.out_of_service or ()


def known_of(row: StateRow, unit: Unit, *, shelter_closed: bool) -> Known:
    return Known(
        unit_id=row.unit_id,
        shelter_id=unit.shelter_id,
        regime=unit.regime,
        turnover=unit.turnover,
        capacity=Stated(row.capacity, row.capacity_at, row.capacity_report),
        held=row.held,
        told=told_of(row),
        closed=row.closed,
        shelter_closed=shelter_closed,
        reopened_at=row.reopened_at,
        stuck_by=row.stuck_by,
    )


def told_of(row: StateRow) -> Told:
    return Told(
        count=_count_of(row),
        coming=row.coming,
        persons=row.persons,
        out_of_service=_stated_of(row.out_of_service, row.out_of_service_at, row.out_of_service_report),
        intake=_stated_of(row.intake, row.intake_at, row.intake_report),
        fed_until=row.fed_until,
    )


def _count_of(row: StateRow) -> Count | None:
    if row.count_report is None:
        return None
    # Written together: all of them are there, or none is.
    return Count(
        row.count_report,
        row.count_at,  # type: ignore[arg-type]
        row.count_spoke,  # type: ignore[arg-type]
        row.count_source,  # type: ignore[arg-type]
        row.count_free,  # type: ignore[arg-type]
        row.count_over_by,  # type: ignore[arg-type]
        row.count_night,  # type: ignore[arg-type]
        row.count_basis,  # type: ignore[arg-type]
        row.count_known_until,  # type: ignore[arg-type]
        bool(row.count_skewed),
    )


def _stated_of(value: T | None, at: datetime | None, report_id: UUID | None) -> Stated[T] | None:
    return None if value is None or at is None or report_id is None else Stated(value, at, report_id)


def said_of(row: Row | Mapping[str, Any], *, settled: bool = False) -> Said:
    """Return a stored line of a report; `settled`: it is too old to be judged anew."""
    count = None
    if row["free"] is not None:
        count = Count(
            report_id=row["report_id"],
            at=row["at"],
            spoke=Spoke(row["spoke"]),
            source_id=row["actor_id"],
            free=row["free"],
            over_by=row["over_by"],
            night=row["night"],
            basis=Basis(row["basis"]),
            known_until=row["known_until"],
            skewed=row["skewed"],
        )
    return Said(
        report_id=row["report_id"],
        nth=row["nth"],
        at=row["at"],
        spoke=Spoke(row["spoke"]),
        source_id=row["actor_id"],
        night=row["night"],
        pin=timedelta(seconds=row["pin_s"]),
        count=count,
        out_of_service=None if row["out_of_service"] is None else _outs.decode(row["out_of_service"]),
        intake=None if row["intake"] is None else _intakes.decode(row["intake"]),
        pinned=row["pinned"],
        settled=settled,
        far=row["far"],
    )


def state_row(unit_id: UUID, known: Known, state: UnitState, reports: int, count_prior_seq: int) -> dict[str, Any]:
    """Return the row of unit_state for what is known and what was folded from it."""
    told = known.told
    count = told.count
    row: dict[str, Any] = {
        "unit_id": unit_id,
        "status": state.status.value,
        "free": state.free,
        "held": known.held,
        "over_by": state.over_by,
        "night": state.night,
        "closed": known.closed,
        "reopened_at": known.reopened_at,
        "stuck_by": known.stuck_by,
        "reports": reports,
        "count_prior_seq": count_prior_seq,
        "count_report": count.report_id if count else None,
        "count_at": count.at if count else None,
        "count_spoke": count.spoke.value if count else None,
        "count_source": count.source_id if count else None,
        "count_free": count.free if count else None,
        "count_over_by": count.over_by if count else None,
        "count_night": count.night if count else None,
        "count_basis": count.basis.value if count else None,
        "count_known_until": count.known_until if count else None,
        "count_skewed": count.skewed if count else None,
        "coming": to_json(told.coming) if told.coming else None,
        "persons": to_json(told.persons),
        "fed_until": told.fed_until,
        "capacity": known.capacity.value,
        "capacity_at": known.capacity.at,
        "capacity_report": known.capacity.report_id,
        "policy": state.policy,
    }
    return row | _stated("out_of_service", told.out_of_service) | _stated("intake", told.intake)


def _stated(name: str, fact: Stated[Any] | None) -> dict[str, Any]:
    return {
        name: to_json(fact.value) if fact else None,
        f"{name}_at": fact.at if fact else None,
        f"{name}_report": fact.report_id if fact else None,
    }


def to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
