"""Counting: how many asked in a night, and what became of them.

Unmet need is counted from requests, never from searches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg
import msgspec

from kernel.postgres import Pool
from orientation.model.counts import Kind, group_of
from orientation.model.household import Household

_ROWS = "SELECT regime, state, household, outcome, outcome_reason FROM request WHERE region_id = $1 AND night = $2"
_LEFT = "SELECT regime, party, outcome, reason, requests, people FROM night_count WHERE region_id = $1 AND night = $2"
_household = msgspec.json.Decoder(Household).decode


@dataclass(slots=True)
class Count:
    requests: int = 0
    people: int = 0

    def add(self, requests: int, people: int) -> None:
        self.requests += requests
        self.people += people


def tally(rows: Iterable[asyncpg.Record]) -> dict[Kind, Count]:
    """Count rows of `request` by what they have in common."""
    counts: dict[Kind, Count] = {}
    for row in rows:
        household = _household(row["household"])
        outcome = row["outcome"] or row["state"]
        kind = Kind(row["regime"], group_of(household), outcome, row["outcome_reason"] or "")
        counts.setdefault(kind, Count()).add(1, household.party_size)
    return counts


async def count_night(pool: Pool, region_id: UUID, night: date) -> dict[Kind, Count]:
    """Return the counts of a night: of its requests, and of those that were erased since."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        counts = tally(await connection.fetch(_ROWS, region_id, night))
        left = await connection.fetch(_LEFT, region_id, night)
    for row in left:
        kind = Kind(row["regime"], row["party"], row["outcome"], row["reason"])
        counts.setdefault(kind, Count()).add(row["requests"], row["people"])
    return counts
