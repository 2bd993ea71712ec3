"""Insisting: works go through the lane also where it is full, or Postgres away, for a while. The same ids, so once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from inventory.region import Region
from kernel.problems import Busy, OutcomeUnknown, Problem

_TRIES, _AGAIN_S = 10, 1.0


async def insist_all(region: Region, works: Sequence[Any]) -> list[Any]:
    """Return an answer or a refusal for each; raise where it cannot be known of all of them after some tries."""
    outcomes: dict[int, Any] = {}
    for _ in range(_TRIES):
        left = [place for place in range(len(works)) if place not in outcomes]
        try:
            found = await region.lane.submit_all([works[place] for place in left])
        except Busy:
            found = [Busy()] * len(left)
        known = zip(left, found, strict=True)
        outcomes |= {place: one for place, one in known if not isinstance(one, Busy | OutcomeUnknown)}
        if len(outcomes) == len(works):
            return [outcomes[place] for place in range(len(works))]
        await asyncio.sleep(_AGAIN_S)
    raise Busy


async def insist(region: Region, work: Any) -> Any:
    """Return the answer; raise the refusal."""
    (outcome,) = await insist_all(region, [work])
    if isinstance(outcome, Problem):
        raise outcome
    return outcome
