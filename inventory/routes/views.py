"""Views: the shapes of answers. States stay bytes from the lane to the wire; OpenAPI sees an object."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from inventory.model.region_map import RegionMap


class UnitAnswerView(msgspec.Struct):
    unit: UUID
    outcome: str
    state: Any


class ReportView(msgspec.Struct):
    report: UUID
    repeated: bool
    units: list[UnitAnswerView]


class BatchedView(msgspec.Struct, omit_defaults=True):
    """One item of a batch: its answer, or the problem that refused it."""

    report: str | None
    status: int
    repeated: bool | None = None
    units: list[UnitAnswerView] | None = None
    problem: dict[str, Any] | None = None


class BatchView(msgspec.Struct):
    answers: list[BatchedView]


class MovementView(msgspec.Struct):
    movement: UUID
    outcome: str
    state: Any


class DefinedView(msgspec.Struct):
    id: UUID
    state: Any = None


class BoardView(msgspec.Struct):
    epoch: UUID
    seq: int
    now: datetime
    live: str
    units: list[Any]
    shelters: list[Any]
    totals: dict[str, Any]


class TotalsView(msgspec.Struct):
    now: datetime
    totals: dict[str, Any]


class FeatureCollectionView(msgspec.Struct):
    """GeoJSON; `epoch`, `seq`, `now` and `live` are foreign members of the collection (RFC 7946, 6.1)."""

    type: str
    epoch: UUID
    seq: int
    now: datetime
    live: str
    features: list[Any]


class RegionView(msgspec.Struct):
    """`map` is null where nobody brought one; `background` names a `style` or `pmtiles` that lies below it."""

    id: UUID
    slug: str
    name: str
    timezone: str
    map: RegionMap | None
    background: dict[str, str] | None


class HistoryEntryView(msgspec.Struct):
    seq: int
    at: datetime
    causes: list[str]
    state: Any


class HistoryView(msgspec.Struct):
    unit: UUID
    entries: list[HistoryEntryView]
    before: int | None


class ChangedRuleView(msgspec.Struct):
    """One rule, by its path in the policy: a number, a switch, or a whole list."""

    field: str
    was: int | bool | list[Any] | None
    now: int | bool | list[Any] | None


class PolicyView(msgspec.Struct):
    """`actor` is an opaque id, `login` its name where the readers know each other; version 0 is what holds where nobody
    has set anything, and nobody set it."""

    version: int
    policy: dict[str, Any]
    id: UUID | None = None
    set_at: datetime | None = None
    actor: UUID | None = None
    login: str | None = None
    why: str | None = None
    changes: list[ChangedRuleView] = []


class PoliciesView(msgspec.Struct):
    """`units_behind` still show the instants of older rules: they are being folded anew."""

    version: int
    units_behind: int
    policies: list[PolicyView]
    before: int | None


class PolicySetView(msgspec.Struct):
    version: int
    repeated: bool
    policy: PolicyView


class SurgeChangeView(msgspec.Struct):
    """One act upon a surge: `activate`, `extend` or `end`. `actor` is an opaque id."""

    id: UUID
    verb: str
    until: datetime
    why: str
    at: datetime
    actor: UUID


class SurgeUnitView(msgspec.Struct):
    """What a unit is now; null where it is gone. `overdue`: it was asked to open, and should have reported by now."""

    unit: UUID
    shelter: UUID
    overdue: bool
    state: Any


class SurgeView(msgspec.Struct):
    id: UUID
    standing: str
    reason: str
    until: datetime
    started_at: datetime
    ended_at: datetime | None
    actor: UUID
    changes: list[SurgeChangeView]
    units: list[SurgeUnitView]


class SurgesView(msgspec.Struct):
    surges: list[SurgeView]
    before: UUID | None


class SurgeAnsweredView(msgspec.Struct):
    repeated: bool
    surge: SurgeView


class ClockView(msgspec.Struct):
    now: datetime
    speed: float
    night: date
