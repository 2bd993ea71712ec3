"""Suggesting: which units fit a request now, from this node's mirror and one look at the request.

The rules in force and the region's map are kept by the node, and read anew when they are others or have been kept long.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from inventory.region import Region
from orientation.matching.board import MatchingBoard
from orientation.matching.context import Bar, Context
from orientation.matching.ranking import BEST, Ranking, rank
from orientation.matching.results import Suggestion
from orientation.model.placement import BARS_SHELTER
from orientation.model.policy import OrientationPolicy
from orientation.model.request import Request
from orientation.problems import UnknownRequest
from orientation.rows import request_of
from orientation.store import read_asked, read_policy

# A map is brought by command, once in years: a label that moves in it is where it was for this long.
_MAP_KEPT_S = 60.0
# What a refusal carries along: enough to go on with, on the telephone.
ALTERNATIVES = 5


@dataclass(frozen=True, slots=True)
class Suggested:
    """A ranking and what it was made of. It must be read before anything is awaited (matching/ranking.py)."""

    request: Request
    policy: OrientationPolicy
    now: datetime
    ranking: Ranking


class Suggesting:
    """One region's suggestions on this node."""

    def __init__(self, region: Region) -> None:
        self.board = MatchingBoard(region.live.mirror)
        self._region = region
        self._policy = OrientationPolicy()
        self._map_until = 0.0

    async def suggest(self, request_id: UUID, limit: int = BEST) -> Suggested:
        row = await read_asked(self._region.pool, self._region.id, request_id)
        if row is None:
            raise UnknownRequest(request=str(request_id))
        policy, request = await self._in_force(row["policy_id"]), request_of(row)
        await self._place(request.household.needs.near)
        now = self._region.clock.now().astimezone(UTC)
        ranking = rank(self.board.columns, request.household, self._context(request, row), policy, now, limit)
        return Suggested(request, policy, now, ranking)

    async def alternatives(self, request_id: UUID, taken: UUID | None = None) -> list[Suggestion]:
        """Return the best, without a unit of which this node's board may not know yet that it is taken."""
        found = await self.suggest(request_id, ALTERNATIVES + 1)
        return [one for one in found.ranking.suggestions if one.unit != taken][:ALTERNATIVES]

    def _context(self, request: Request, row: asyncpg.Record) -> Context:
        bars = tuple(
            Bar(unit_id, until, reason, shelter_id if reason in BARS_SHELTER else None)
            for unit_id, until, reason, shelter_id in row["bars"]
        )
        return Context(request.regime, self._region.zone, row["continued"], bars)

    async def _in_force(self, policy_id: UUID | None) -> OrientationPolicy:
        if policy_id is None:
            return OrientationPolicy()
        if policy_id != self._policy.id:
            self._policy = await read_policy(self._region.pool, self._region.id)
        return self._policy

    async def _place(self, near: str | None) -> None:
        known = near is None or self.board.columns.point(near) is not None
        if known and time.monotonic() < self._map_until:
            return
        card = await self._region.card.read()
        self.board.place({} if card.map is None else {one.code: one.point for one in card.map.communes})
        self._map_until = time.monotonic() + _MAP_KEPT_S
