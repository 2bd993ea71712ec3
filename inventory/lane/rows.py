"""Rows to models and back: the one place that knows how a unit's registers lie in their columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from inventory.model.counting import Basis, Count, Spoke, Stated
from inventory.model.facts import Intake, OutOfService
from inventory.model.state import Known, UnitState
from inventory.model.story import Said, Spoken, Told
from inventory.model.unit import Admits, Allotment, Operator, Regime, Shelter, Tolerance, Turnover, Unit

Row: TypeAlias = asyncpg.Record

_outs = msgspec.json.Decoder(tuple[OutOfService, ...])
_intakes = msgspec.json.Decoder(Intake)
_comings = msgspec.json.Decoder(Count)
_persons = msgspec.json.Decoder(tuple[Spoken, ...])


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


def count_of(row: Row) -> Count | None:
    if row["count_report"] is None:
        return None
    return Count(
        report_id=row["count_report"],
        at=row["count_at"],
        spoke=Spoke(row["count_spoke"]),
        source_id=row["count_source"],
        free=row["count_free"],
        over_by=row["count_over_by"],
        night=row["count_night"],
        basis=Basis(row["count_basis"]),
        known_until=row["count_known_until"],
        skewed=row["count_skewed"],
    )


def told_of(row: Row) -> Told:
    out, intake = row["out_of_service"], row["intake"]
    return Told(
        count=count_of(row),
        coming=None if row["coming"] is None else _comings.decode(row["coming"]),
        persons=_persons.decode(row["persons"]),
        out_of_service=None
        if out is None
        else Stated(_outs.decode(out), row["out_of_service_at"], row["out_of_service_report"]),
        intake=None if intake is None else Stated(_intakes.decode(intake), row["intake_at"], row["intake_report"]),
        fed_until=row["fed_until"],
    )


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
