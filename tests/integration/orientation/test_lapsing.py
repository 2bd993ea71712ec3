"""What the clock ends, it ends once, on however many nodes, by the database's clock and what was seen (I3, I12)."""

from __future__ import annotations

import asyncio
from collections import Counter

from kernel.settings import Settings
from orientation.answering import Accept, See
from orientation.lapsing import escalate, lapse
from tests.integration.inventory.acting import at, set_clock
from tests.integration.orientation.conftest import Desk, make_lane, said
from tests.integration.orientation.sweeping import sweep, swept

_EACH = 5


async def _endings(desk: Desk) -> Counter[str]:
    return Counter(row["ending"] for row in await desk.pool.fetch("SELECT ending FROM placement"))


async def test_two_nodes_end_what_is_overdue_once(desk: Desk, settings: Settings) -> None:
    await set_clock(desk.pool, at("20:00"), speed=0)
    placed = [(await desk.announced())[2] for _ in range(3 * _EACH)]
    seen, accepted = placed[:_EACH], placed[_EACH : 2 * _EACH]
    for placement_id in seen:
        await desk.act(See(said(placement_id)))
    for placement_id in accepted:
        await desk.act(Accept(said(placement_id)))
    other = make_lane(desk.pool, desk.region_id, settings, [])
    other.start()
    nodes = [swept(desk), swept(desk, other)]

    async def look(clock: str) -> Counter[str]:
        await set_clock(desk.pool, at(clock), speed=0)
        await asyncio.gather(*(sweep(node, lapse, escalate) for node in nodes))
        return await _endings(desk)

    assert await look("20:29") == {None: 3 * _EACH}
    # Whom nobody at the shelter has seen is still waited for, however long; whom they accepted, for three hours.
    assert await look("20:30") == {"lapsed": _EACH, None: 2 * _EACH}
    assert await look("23:00") == {"lapsed": _EACH, "no-show": _EACH, None: _EACH}
    await other.stop()
    verbs = await desk.pool.fetch(
        "SELECT verb, count(*) FROM request_event WHERE actor_id = $1 GROUP BY verb", said(placed[0]).actor_id
    )
    done = {row["verb"]: row["count"] for row in verbs}
    # All but the accepted were silent for ten minutes, and that is said once each.
    assert (done["lapse"], done["no-show"], done["escalate"]) == (_EACH, _EACH, 2 * _EACH)
    assert await desk.pool.fetchval("SELECT count(*) FROM hold_end") == 2 * _EACH
    assert await desk.pool.fetchval("SELECT count(*) FROM request WHERE state = 'waiting'") == 2 * _EACH
