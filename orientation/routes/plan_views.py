"""The shapes of a plan on the wire: its head in numbers, and the whole of it with its households."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from inventory.region import Region
from orientation.distributing.applying import placement_of
from orientation.distributing.plan_records import read_plan, read_result, standing
from orientation.distributing.results import Against, GroupView, PolicyMark, Progress, Row, Summary
from orientation.model.plan import PlanState
from orientation.routes.showing import colleague
from orientation.routes.views import ColleagueView

_progress = msgspec.json.Decoder(Progress).decode
_summary = msgspec.json.Decoder(Summary).decode


class PlanHead(msgspec.Struct):
    """A plan without its households. `progress` while it is worked out, `summary` once it is, else `failure`.

    `policy_changed`: other rules are in force than it was made by, and it may still be applied.
    """

    id: UUID
    version: int
    state: str
    night: date
    made_at: datetime
    made_by: ColleagueView | None
    after: UUID | None
    followed_by: UUID | None
    policy: PolicyMark
    policy_changed: bool
    seq: int
    epoch: UUID
    time_limit_s: int
    progress: Progress | None
    failure: str | None
    summary: Summary | None


class PlanView(PlanHead):
    """Before it is worked out, and once its households are erased, `against` is null and the lists are empty."""

    groups: list[GroupView]
    against: Against | None
    rows: list[Row]


class PlansView(msgspec.Struct):
    plans: list[PlanHead]
    now: datetime


def head_of(row: asyncpg.Record) -> PlanHead:
    return PlanHead(
        id=row["id"],
        version=row["version"],
        state=row["state"],
        night=row["night"],
        made_at=row["made_at"],
        made_by=colleague(row["actor_id"], row["login"]),
        after=row["after"],
        followed_by=row["followed_by"],
        policy=PolicyMark(row["policy_version"], row["policy_hash"]),
        policy_changed=row["policy_changed"],
        seq=row["seq"],
        epoch=row["epoch"],
        time_limit_s=row["time_limit_s"],
        progress=None if row["progress"] is None else _progress(row["progress"]),
        failure=row["failure"],
        summary=None if row["summary"] is None else _summary(row["summary"]),
    )


async def view_of(region: Region, plan_id: UUID) -> PlanView:
    head = head_of(await read_plan(region.pool, region.id, plan_id))
    result = await read_result(region.pool, region.id, plan_id)
    same = {name: getattr(head, name) for name in PlanHead.__struct_fields__}
    if result is None:
        return PlanView(**same, groups=[], against=None, rows=[])
    rows = await _landing(region, plan_id, result.rows) if head.state == PlanState.APPLYING else result.rows
    return PlanView(**same, groups=result.groups, against=result.against, rows=rows)


async def _landing(region: Region, plan_id: UUID, rows: list[Row]) -> list[Row]:
    """Say of which the places are held by now; what became of the others is written down at the end."""
    ids = {placement_of(plan_id, row.request): row for row in rows if row.unit is not None and not row.pinned}
    held = {ids[one].request: one for one in await standing(region.pool, region.id, list(ids))}
    return [
        msgspec.structs.replace(row, outcome="held", placement=held[row.request]) if row.request in held else row
        for row in rows
    ]
