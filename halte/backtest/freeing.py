"""What there is to give: evening by evening, unit by unit, from the rows of the file.

In the file a night ends with what was left empty. To it is added what the intake of that day gave, for that is what is
given anew here: as many places as there were referrals, drawn among those that somebody came into that day.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from halte.backtest.assuming import Assumptions
from halte.backtest.reading import Month, flow_group
from halte.replay.daily.gathering import Day
from halte.replay.daily.naming import unit_id
from halte.replay.daily.reading import Row

REGION = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Standing:
    """One unit on one evening: `left` is what the file says stayed empty, `before` that of the evening before.

    `given` is what the file's own intake gave there, `minutes` when what came free in the evening was told.
    """

    left: int
    before: int
    given: int
    minutes: tuple[float, ...]


Evening = Mapping[UUID, Standing]


def takes_callers(row: Row) -> bool:
    """Transitional programmes admit by referral; everything else takes whoever is sent tonight."""
    return row.programme.model.lower() != "transitional"


def draw_evenings(month: Month, assumed: Assumptions, seed: int) -> tuple[Evening, ...]:
    rng = random.Random(f"{seed} freeing")
    pairs = zip(month.days, month.days[1:], month.calls, strict=False)
    return tuple(_evening(before, day, calls.referred, month, assumed, rng) for before, day, calls in pairs)


def _evening(
    before: Day, day: Day, referred: int, month: Month, assumed: Assumptions, rng: random.Random
) -> dict[UUID, Standing]:
    rows = {row.programme.id: row for row in day.rows if takes_callers(row)}
    earlier = {row.programme.id: row for row in before.rows}
    entered = [id for id, row in rows.items() for _ in range(_entries(earlier.get(id), row, month, rng))]
    given: dict[str, int] = {}
    for id in rng.sample(entered, min(referred, len(entered))):
        given[id] = given.get(id, 0) + 1
    standings = {}
    for id, row in rows.items():
        known = earlier[id].free if id in earlier else 0
        # As many instants as may be needed, whatever was given before: the same ones under every rule.
        times = sorted(rng.uniform(0, assumed.freed_until_min) for _ in range(row.free + given.get(id, 0)))
        standings[unit_id(REGION, id)] = Standing(row.free, known, given.get(id, 0), tuple(times))
    return standings


def _entries(before: Row | None, row: Row, month: Month, rng: random.Random) -> int:
    """Return into how many places somebody new came: as many more as there are, and as many as had left."""
    if before is None:
        return 0
    slept, sleep = _occupied(before), _occupied(row)
    chance = month.flows[flow_group(row.programme)].leaving
    gone = max(slept - sleep, sum(rng.random() < chance for _ in range(slept)))
    return max(0, sleep - slept + gone)


def _occupied(row: Row) -> int:
    return max(0, row.capacity - row.out - row.free)
