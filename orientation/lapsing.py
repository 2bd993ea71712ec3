"""Lapsing: what the clock does with placements, the database's and no other (I3, I12).

Every node looks; a row that is under somebody's hands is passed over, the lane decides again on the locked one,
and what the clock does has an id of its own, so that it is done once however many nodes come to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias
from uuid import UUID, uuid5

from inventory.holding import Ending
from inventory.lane.working import SYSTEM
from inventory.region import Region
from orientation.acting import PlacementAct, Said, Scene, moved_on
from orientation.metrics import ENDED_BY_CLOCK
from orientation.model.placement import Act, Party
from orientation.placing import PlacementAnswer
from orientation.store import read_policy

# What a look takes on; the next one comes soon enough for the rest.
_AT_ONCE = 500
# A placement that nobody at the shelter has seen does not lapse: silence is no answer to what was not heard.
_OVERDUE = """
SELECT p.id, p.state FROM placement p JOIN hold h ON h.id = p.id
WHERE p.region_id = $1 AND p.state <> 'ended' AND h.state = 'held' AND h.expires_at <= halte_now()
  AND (p.state = 'accepted' OR p.seen_at IS NOT NULL)
ORDER BY h.id LIMIT $2 FOR UPDATE OF h SKIP LOCKED
"""
_SILENT = """
SELECT p.id FROM placement p JOIN hold h ON h.id = p.id JOIN unit u ON u.id = p.unit_id
WHERE p.region_id = $1 AND p.state = 'held' AND p.escalated_at IS NULL
  AND p.held_at + make_interval(secs => CASE u.regime WHEN 'night' THEN $3::float8 ELSE $4::float8 END) <= halte_now()
ORDER BY h.id LIMIT $2 FOR UPDATE OF h SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Lapse(PlacementAct):
    """The shelter has seen it, had its time, and said nothing."""

    act: ClassVar[Act] = Act.LAPSE
    said: Said

    def play(self, scene: Scene) -> dict[str, Any] | None:
        if scene.placement.seen_at is None or scene.hold.expires_at > scene.now:
            raise moved_on(scene.placement)
        scene.end(Ending.LAPSED)
        return {}


@dataclass(frozen=True, slots=True)
class Expect(PlacementAct):
    """They were accepted, and their time to come is over."""

    act: ClassVar[Act] = Act.NO_SHOW
    said: Said

    def play(self, scene: Scene) -> dict[str, Any] | None:
        if scene.hold.expires_at > scene.now:
            raise moved_on(scene.placement)
        scene.end(Ending.NO_SHOW)
        return {}


@dataclass(frozen=True, slots=True)
class Escalate(PlacementAct):
    """The shelter has been silent for so long that somebody should telephone."""

    act: ClassVar[Act] = Act.ESCALATE
    said: Said

    def play(self, scene: Scene) -> dict[str, Any] | None:
        if scene.placement.escalated_at is not None:
            return None
        scene.change(escalated_at=scene.now)
        return {}


ByClock: TypeAlias = Lapse | Expect | Escalate
_ENDINGS = {Act.LAPSE: Ending.LAPSED, Act.NO_SHOW: Ending.NO_SHOW}


def by_clock(kind: type[ByClock], placement_id: UUID) -> ByClock:
    """Return what the clock does, under the id that it has on every node."""
    act = kind.act
    return kind(Said(uuid5(placement_id, act), SYSTEM, Party.CLOCK, placement_id, act.encode()))


async def lapse(region: Region) -> None:
    """End what is overdue."""
    rows = await region.pool.fetch(_OVERDUE, region.id, _AT_ONCE)
    await _do(region, [by_clock(Lapse if row["state"] == "held" else Expect, row["id"]) for row in rows])


async def escalate(region: Region) -> None:
    """Tell the desk which shelters are silent."""
    async with region.pool.acquire() as connection:
        policy = await read_policy(connection, region.id)
        after = policy.night.escalate_after_s, policy.admission.escalate_after_s
        rows = await connection.fetch(_SILENT, region.id, _AT_ONCE, *map(float, after))
    await _do(region, [by_clock(Escalate, row["id"]) for row in rows])


async def _do(region: Region, works: Sequence[ByClock]) -> None:
    if not works or not await region.trusts_clock():
        return
    for work, told in zip(works, await region.lane.submit_all(works), strict=True):
        # One that is refused was answered meanwhile, or comes again with the next look; one repeated is another node's.
        ending = _ENDINGS.get(work.act)
        if ending is not None and isinstance(told, PlacementAnswer) and not told.repeated:
            ENDED_BY_CLOCK.labels(str(region.id), ending.value).inc()
