"""A thousand households race over HTTP for 25 places on two nodes, each a process of its own: exactly 25 get one (I2).

That the lane holds it is shown in test_races.py by two lanes of one process, wherever tests are run; here nothing is
shared but Postgres and Redis, twenty times.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.postgres import Pool, open_pool
from kernel.redis import open_redis
from orientation.verifying import verify_orientation
from tests.support.asking import A_MAN
from tests.support.installation import Installation, installed
from tests.support.lines import Line

_HOUSEHOLDS, _PLACES, _ROUNDS = 1_000, 25, 20
_LINES = 50
_MADE = "SELECT count(DISTINCT request_id) FROM placement WHERE unit_id = $1 AND id = ANY($2::uuid[])"


@pytest.mark.faults
@pytest.mark.timeout(1_200)
async def test_a_thousand_race_for_25_places_on_two_nodes_of_their_own() -> None:
    async with installed(nodes=2) as installation:
        lines = [
            await Line.open(node.address, installation.estate.headers(node.address, "desk"))
            for number in range(_LINES)
            for node in (installation.nodes[number % 2],)
        ]
        pool = await open_pool(installation.settings, "test")
        links = open_redis(installation.settings, "test")
        assert links is not None
        try:
            waiting = await _ask(lines)
            for number in range(_ROUNDS):
                await _race(installation, pool, lines, waiting, number)
            found = await verify_region(pool, links, installation.estate.region_id)
            await verify_orientation(pool, installation.estate.region_id, found)
            assert found.clean, [str(difference) for difference in found.differences[:10]]
        finally:
            for line in lines:
                line.close()
            await links.close()
            await pool.close()


async def _shared_out(lines: list[Line], asks: list[tuple[str, str, Any]]) -> list[tuple[int, Any]]:
    """Send all of it at once: each line has its share, one after the other; again where there was no room for it."""
    answers: list[tuple[int, Any]] = [(0, None)] * len(asks)

    async def one(number: int) -> None:
        for place in range(number, len(asks), len(lines)):
            while answers[place][0] in {0, 503}:
                answers[place] = await lines[number].ask(*asks[place])

    await asyncio.gather(*(one(number) for number in range(len(lines))))
    return answers


async def _ask(lines: list[Line]) -> list[UUID]:
    waiting = [new_id() for _ in range(_HOUSEHOLDS)]
    said = {"regime": "night", "channel": "phone", "party": [A_MAN], "needs": {}}
    answers = await _shared_out(lines, [("POST", "/requests", said | {"id": str(one)}) for one in waiting])
    assert {status for status, _ in answers} == {201}, answers[0]
    return waiting


async def _race(installation: Installation, pool: Pool, lines: list[Line], waiting: list[UUID], number: int) -> None:
    """One round, in a unit that nobody holds; those who were quick let go afterwards."""
    estate = installation.estate
    shelter = estate.shelters[number % (len(estate.shelters) - 1)]
    unit = estate.units[shelter][number // (len(estate.shelters) - 1) % len(estate.units[shelter])]
    counted = await Line.open(installation.nodes[0].address, estate.key_headers(shelter))
    body = {"shelter": str(shelter), "units": [{"unit": str(unit), "free": _PLACES}]}
    assert (await counted.ask("PUT", f"/reports/{new_id()}", body))[0] == 200
    counted.close()
    asked = [(new_id(), {"request": str(one), "unit": str(unit)}) for one in waiting]
    began = time.monotonic()
    answers = await _shared_out(lines, [("PUT", f"/placements/{id}", said) for id, said in asked])
    took = time.monotonic() - began
    outcomes = Counter((status, None if status < 300 else told["slug"]) for status, told in answers)
    print(f"round {number + 1}: {dict(outcomes)} in {took:.1f} s")
    assert sum(count for (status, _), count in outcomes.items() if status < 300) == _PLACES
    assert {what for what in outcomes if what[0] >= 300} == {(409, "place-taken")}
    held = await pool.fetchval("SELECT held FROM unit_state WHERE unit_id = $1", unit)
    rows = await pool.fetchval(_MADE, unit, [id for id, _ in asked])
    assert (held, rows) == (_PLACES, _PLACES)
    won = [id for (id, _), (status, _) in zip(asked, answers, strict=True) if status < 300]
    ends = [("POST", f"/placements/{id}/cancel", {"id": str(new_id()), "reason": "mistake"}) for id in won]
    assert {status for status, _ in await _shared_out(lines, ends)} <= {200, 201}
    assert await pool.fetchval("SELECT held FROM unit_state WHERE unit_id = $1", unit) == 0
