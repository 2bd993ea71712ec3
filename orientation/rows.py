"""Rows and records: how requests, placements, draws and plans stand in their tables."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import asyncpg
import msgspec

from inventory.holding import Ending
from inventory.model.unit import Regime
from orientation.model.counts import PartyGroup
from orientation.model.draw import Commitment, Draw, DrawEntry, DrawState
from orientation.model.household import Household
from orientation.model.placement import DeclineReason, Placement, PlacementState
from orientation.model.plan import PlanDraft, PlanState
from orientation.model.request import Channel, Outcome, Request, RequestState

_REQUEST = tuple(field.name for field in fields(Request))
_PLACEMENT = tuple(field.name for field in fields(Placement))
_DRAW = tuple(field.name for field in fields(Draw))
_PLAN = tuple(field.name for field in fields(PlanDraft))
_commitments = msgspec.json.Decoder(tuple[Commitment, ...]).decode
_household = msgspec.json.Decoder(Household).decode


def request_of(row: asyncpg.Record) -> Request:
    values: dict[str, Any] = {name: row[name] for name in _REQUEST}
    values |= {
        "regime": Regime(values["regime"]),
        "channel": Channel(values["channel"]),
        "household": _household(values["household"]),
        "state": RequestState(values["state"]),
        "outcome": None if values["outcome"] is None else Outcome(values["outcome"]),
    }
    return Request(**values)


def request_row(request: Request) -> dict[str, Any]:
    row = {name: getattr(request, name) for name in _REQUEST}
    return row | {"household": msgspec.json.encode(request.household).decode()}


def placement_of(row: asyncpg.Record) -> Placement:
    values: dict[str, Any] = {name: row[name] for name in _PLACEMENT}
    values |= {
        "state": PlacementState(values["state"]),
        "ending": None if values["ending"] is None else Ending(values["ending"]),
        "decline_reason": None if values["decline_reason"] is None else DeclineReason(values["decline_reason"]),
    }
    return Placement(**values)


def placement_row(placement: Placement) -> dict[str, Any]:
    return {name: getattr(placement, name) for name in _PLACEMENT}


def draw_of(row: asyncpg.Record) -> Draw:
    values: dict[str, Any] = {name: row[name] for name in _DRAW}
    values |= {
        "audience": PartyGroup(values["audience"]),
        "state": DrawState(values["state"]),
        "commitments": _commitments(values["commitments"]),
    }
    return Draw(**values)


def draw_row(draw: Draw) -> dict[str, Any]:
    row = {name: getattr(draw, name) for name in _DRAW}
    return row | {"commitments": msgspec.json.encode(draw.commitments).decode()}


def entry_of(row: asyncpg.Record) -> DrawEntry:
    return DrawEntry(**row)


def plan_of(row: asyncpg.Record) -> PlanDraft:
    return PlanDraft(**{name: row[name] for name in _PLAN} | {"state": PlanState(row["state"])})


def plan_row(plan: PlanDraft) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in _PLAN}
