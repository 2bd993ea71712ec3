"""Applying: what a plan proposes is held through the lane, in order of tier, as far as it is still free (I2, I4).

A placement's id follows from plan and request: done again, by this node or another, nothing is held twice (I10). What
is held already stays where it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec
import structlog

from inventory.problems import PlaceTaken, RequestHasHold
from inventory.region import Region
from inventory.schemas import hash_of
from kernel.access.problems import TooManyAttempts
from kernel.problems import Problem
from orientation.distributing.changing import APPLY_AND_REPLAN, Settle
from orientation.distributing.drafting import REPLAN_S, Drafting, Wanted
from orientation.distributing.insisting import insist, insist_all
from orientation.distributing.plan_records import count_split, pack, unpack
from orientation.distributing.problems import PlanMovedOn, PlanRunning
from orientation.distributing.results import Result, Row
from orientation.model.placement import BARS_SHELTER
from orientation.placing import Place, PlaceTogether
from orientation.problems import RequestChanged, RequestClosed, UnknownRequest
from orientation.rationing import note_in_vain, ration
from orientation.store import secret_units

log = structlog.get_logger(__name__)

# Held in one batch of the lane, one after the other: whoever telephones meanwhile waits for no more than that.
_PORTION = 25
_STAGE = """
SELECT p.id, p.result, p.links, p.seq, e.id AS act, e.actor_id, e.verb
FROM plan p JOIN sharing_event e ON e.subject_id = p.id AND e.verb IN ('apply', 'apply-replan')
WHERE p.region_id = $1 AND p.id = $2 AND p.state = 'applying'
"""
# Somebody has changed what this household needs since the seq that was planned with (an instant would not do: what was
# stamped before may be committed after), or the house has declined it; before it was held by this plan.
_CHANGED = """
SELECT x.request FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS x(request, unit, placement)
WHERE NOT EXISTS (SELECT FROM placement p WHERE p.id = x.placement) AND (
  EXISTS (SELECT FROM journal j, json_array_elements(j.causes) AS c
          WHERE j.subject_id = x.request AND j.seq > $4 AND c->>'verb' = 'amend')
  OR EXISTS (SELECT FROM request_bar b JOIN unit u ON u.id = x.unit WHERE b.request_id = x.request
             AND b.until > halte_now()
             AND (b.unit_id = u.id OR b.reason = ANY($5) AND b.shelter_id = u.shelter_id)))
"""
_HEARD = "UPDATE plan SET heard_at = clock_timestamp() WHERE id = $1 AND state = 'applying'"
# The household needs it no more: it is closed, or somebody holds elsewhere for it.
_GONE = (RequestClosed, UnknownRequest, RequestHasHold)


def placement_of(plan_id: UUID, request_id: UUID) -> UUID:
    return uuid5(plan_id, str(request_id))


@dataclass(frozen=True, slots=True)
class _Step:
    """Rows that are held together: each for itself, or all of a link or none."""

    rows: tuple[Row, ...]
    linked: bool


class Applying:
    """One plan that is applied by this node."""

    def __init__(self, region: Region, drafting: Drafting, stage: asyncpg.Record, result: Result) -> None:
        self._region = region
        self._drafting = drafting
        self._stage = stage
        self._result = result
        # An answer, or why not.
        self._outcomes: dict[UUID, Any] = {}

    @classmethod
    async def resume(cls, region: Region, drafting: Drafting, plan_id: UUID) -> None:
        """Do what is left to do of a plan that is to be applied."""
        stage = await region.pool.fetchrow(_STAGE, region.id, plan_id)
        result = None if stage is None else await unpack(stage["result"])
        if stage is not None and result is not None:
            await cls(region, drafting, stage, result).run()

    async def run(self) -> None:
        steps = _steps(self._result.rows, _links(self._stage["links"]))
        secret = await secret_units(
            self._region.pool, self._region.id, {row.unit for row in self._result.rows if row.unit is not None}
        )
        for plain, some in groupby(steps, lambda step: not step.linked and step.rows[0].unit not in secret):
            rows = [step.rows for step in some]
            if plain:
                await self._hold_each([row for one in rows for row in one])
            else:
                for one in rows:
                    await self._hold_carefully(one)
        await self._settle()

    async def _hold_each(self, rows: Sequence[Row]) -> None:
        for first in range(0, len(rows), _PORTION):
            portion = await self._unchanged(rows[first : first + _PORTION])
            outcomes = await insist_all(self._region, [self._place(row) for row in portion])
            self._outcomes |= {row.request: outcome for row, outcome in zip(portion, outcomes, strict=True)}

    async def _hold_carefully(self, rows: Sequence[Row]) -> None:
        """Hold for a link, or at a secret shelter, where tries in vain are counted (I11)."""
        if len(await self._unchanged(rows)) < len(rows):
            self._outcomes |= {row.request: RequestChanged() for row in rows}
            return
        works, actor_id = [self._place(row) for row in rows], self._stage["actor_id"]
        problem: object = None
        try:
            await ration(self._region, actor_id, works)
            (problem,) = await insist_all(self._region, [works[0] if len(works) == 1 else PlaceTogether(tuple(works))])
        except TooManyAttempts as refused:
            problem = refused
        if isinstance(problem, PlaceTaken):
            await note_in_vain(self._region, actor_id, works)
        self._outcomes |= {row.request: self._of_link(row, problem) for row in rows}

    def _of_link(self, row: Row, problem: object) -> object:
        """Where one of a link needs no place any more the others still do, and only their link has changed."""
        if not isinstance(problem, _GONE) or "placement" not in problem.facts:
            return problem
        itself = problem.facts["placement"] == str(placement_of(self._stage["id"], row.request))
        return problem if itself else RequestChanged()

    async def _unchanged(self, rows: Sequence[Row]) -> list[Row]:
        """Return those of which the plan still knows what they need; and say that this plan is still worked on."""
        pool, plan_id = self._region.pool, self._stage["id"]
        await pool.execute(_HEARD, plan_id)
        named = zip(*((row.request, row.unit, placement_of(plan_id, row.request)) for row in rows), strict=True)
        found = await pool.fetch(_CHANGED, *map(list, named), self._stage["seq"], BARS_SHELTER)
        changed = {row["request"] for row in found}
        self._outcomes |= {request: RequestChanged() for request in changed}
        return [row for row in rows if row.request not in changed]

    def _place(self, row: Row) -> Place:
        if row.unit is None:
            raise ValueError("a row without a unit is not held")
        body_hash = hash_of((row.request, row.unit, None))
        return Place(
            placement_of(self._stage["id"], row.request), self._stage["actor_id"], row.request, row.unit, body_hash
        )

    async def _settle(self) -> None:
        rows = [self._told(row) for row in self._result.rows]
        counts = Counter(row.outcome for row in rows if row.outcome is not None)
        applied = {outcome: counts[outcome] for outcome in ("held", "taken", "gone", "refused")}
        split = await count_split(self._region.pool, self._region.id, [row.request for row in rows])
        summary = msgspec.structs.replace(self._result.summary, applied=applied, families_split=split)
        result = msgspec.structs.replace(self._result, summary=summary, rows=rows)
        packed = await asyncio.to_thread(lambda: pack(msgspec.json.encode(result)))
        # First, and under an id that follows from this: whoever has to go on here begins no second one.
        if self._stage["verb"] == APPLY_AND_REPLAN and applied["taken"] + applied["refused"]:
            await self._replan()
        with suppress(PlanMovedOn):  # another node was quicker
            await insist(self._region, Settle(self._stage["id"], msgspec.json.encode(summary).decode(), packed))

    def _told(self, row: Row) -> Row:
        if row.request not in self._outcomes:
            return row
        problem = self._outcomes[row.request]
        if not isinstance(problem, Problem):
            placement = placement_of(self._stage["id"], row.request)
            return msgspec.structs.replace(row, outcome="held", placement=placement)
        outcome = "gone" if isinstance(problem, _GONE) else "taken" if isinstance(problem, PlaceTaken) else "refused"
        return msgspec.structs.replace(row, outcome=outcome, problem=problem.slug)

    async def _replan(self) -> None:
        """Plan anew for whom the place was gone; unless somebody does so already."""
        stage, links = self._stage, _links(self._stage["links"])
        after = stage["id"]
        wanted = Wanted(
            uuid5(stage["act"], "replan"), stage["actor_id"], hash_of((after, links, REPLAN_S)), REPLAN_S, after,
            links,
        )  # fmt: skip
        try:
            await self._drafting.begin(wanted, lenient=True)
        except PlanRunning:
            log.info("plan.replanned_already", task=str(after))


def _links(links: str) -> tuple[tuple[UUID, ...], ...]:
    return msgspec.json.decode(links, type=tuple[tuple[UUID, ...], ...])


def _steps(rows: Sequence[Row], links: Sequence[Sequence[UUID]]) -> Iterator[_Step]:
    """Yield what is to be held, in the plan's order; a link where the first of it stands."""
    wanted = {row.request: row for row in rows if row.unit is not None and not row.pinned}
    link_of = {request: link for link in links for request in link}
    done: set[UUID] = set()
    for request in wanted:
        if request not in done:
            together = tuple(wanted[one] for one in link_of.get(request, (request,)) if one in wanted)
            done.update(row.request for row in together)
            yield _Step(together, len(together) > 1)
