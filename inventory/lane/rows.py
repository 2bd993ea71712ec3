"""Rows to models and back: the one place that knows how a unit's registers lie in their columns."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from inventory.model.counting import Basis, Count, Spoke, Stated
from inventory.model.state import Intake, Known, OutOfService, UnitState
from inventory.model.unit import Admits, Allotment, Regime, Tolerance, Turnover, Unit

Row: TypeAlias = asyncpg.Record

_outs = msgspec.json.Decoder(tuple[OutOfService, ...])
_intakes = msgspec.json.Decoder(Intake)


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
        value_since=row["count_value_since"],
        skewed=row["count_skewed"],
    )


def out_of_service_of(row: Row) -> Stated[tuple[OutOfService, ...]] | None:
    if row["out_of_service"] is None:
        return None
    value = _outs.decode(row["out_of_service"])
    return Stated(value, row["out_of_service_at"], row["out_of_service_report"])


def intake_of(row: Row) -> Stated[Intake] | None:
    if row["intake"] is None:
        return None
    return Stated(_intakes.decode(row["intake"]), row["intake_at"], row["intake_report"])


def state_row(unit_id: UUID, known: Known, state: UnitState, reports: int, count_prior_seq: int) -> dict[str, Any]:
    """Return the row of unit_state for what is known and what was folded from it."""
    count = known.count
    row: dict[str, Any] = {
        "unit_id": unit_id,
        "status": state.status.value,
        "free": state.free,
        "held": known.held,
        "over_by": state.over_by,
        "night": state.night,
        "closed": known.closed,
        "reopened_at": known.reopened_at,
        "stuck": known.stuck,
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
        "count_value_since": count.value_since if count else None,
        "count_skewed": count.skewed if count else None,
        "capacity": known.capacity.value,
        "capacity_at": known.capacity.at,
        "capacity_report": known.capacity.report_id,
    }
    return row | _stated("out_of_service", known.out_of_service) | _stated("intake", known.intake)


def _stated(name: str, fact: Stated[Any] | None) -> dict[str, Any]:
    return {
        name: to_json(fact.value) if fact else None,
        f"{name}_at": fact.at if fact else None,
        f"{name}_report": fact.report_id if fact else None,
    }


def to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
