"""People who hang up at any moment: no answer is ever somebody else's, and every pool is whole afterwards.

First in process, where a task is cancelled in the midst of a statement or a command; then over HTTP, where a connection
is closed or reset while its request is read, written or answered. The seed is printed; HALTE_FAULT_SEED repeats it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from inventory.defining import DefineOperator, DefineShelter
from inventory.lane.working import SYSTEM
from inventory.model.unit import Operator, Shelter
from inventory.reporting import ReportAnswer
from inventory.verifying import verify_region
from kernel.access.tickets import Tickets
from kernel.ids import new_id
from kernel.journal import read_board
from kernel.live.board import LiveBoard
from kernel.live.truth import Truth
from kernel.postgres import Pool, open_pool
from kernel.redis import RedisLinks, open_redis
from kernel.settings import Settings
from tests.integration.inventory.conftest import Place, make_lane
from tests.integration.kernel.live.waiting import eventually
from tests.support.estate import CAPACITY, Estate
from tests.support.installation import Installation, installed
from tests.support.lines import read_answer, request_of

_AT_ONCE = 40
_HANGS_UP_WITHIN_S = 0.004


def _seed() -> int:
    seed = int(os.environ.get("HALTE_FAULT_SEED") or random.randrange(1_000_000))
    print(f"HALTE_FAULT_SEED={seed}")
    return seed


@asynccontextmanager
async def standing(pool: Pool, region_id: UUID, settings: Settings) -> AsyncIterator[Place]:
    """A lane, and a shelter to write into."""
    lane = make_lane(pool, region_id, settings, [])
    lane.start()
    operator = Operator(id=new_id(), region_id=region_id, name="Invented Operator")
    shelter = Shelter(
        id=new_id(), region_id=region_id, operator_id=operator.id, name="Invented House", commune="21004", invented=True
    )
    try:
        await lane.submit_all([DefineOperator(operator, SYSTEM), DefineShelter(shelter, SYSTEM)])
        yield Place(lane, pool, region_id, operator.id, shelter.id)
    finally:
        await lane.stop()


@dataclass(slots=True)
class Tally:
    """What came of the tries; `crossed` tells of answers that were somebody else's."""

    outcomes: Counter[str] = field(default_factory=Counter)
    crossed: list[str] = field(default_factory=list)

    def note(self, kind: str, *, mine: bool, told: object) -> None:
        self.outcomes[f"{kind} answered"] += 1
        if not mine:
            self.crossed.append(f"{kind}: {told!r}"[:300])


class Asking:
    """Questions of which each has one right answer, through every pool that a node has."""

    def __init__(self, place: Place, links: RedisLinks, units: list[UUID], chance: random.Random) -> None:
        self._place, self._links, self._units, self._chance = place, links, units, chance
        self._truth = Truth(place.pool, place.region_id)
        self._board = LiveBoard(links, place.region_id, 1.0)
        self._tickets = Tickets(links.quick)
        self.tally = Tally()
        self.kept: set[UUID] = set()

    async def postgres(self) -> None:
        asked = set(self._chance.sample(self._units, self._chance.randint(1, 5)))
        told = await self._truth.stamped([*asked, new_id()])
        self.tally.note("postgres", mine=told == asked, told=told)

    async def journal(self) -> None:
        after = self._chance.randint(0, 8)
        told = await self._truth.range(new_id(), after, after + 2, 5)
        seqs = [subject.seq for subject in told.subjects] if told is not None else []
        self.tally.note("journal", mine=seqs == [after + 1, after + 2], told=seqs)

    async def redis(self) -> None:
        said = new_id().hex
        told: Any = await self._links.quick.echo(said)
        self.tally.note("redis", mine=told == said.encode(), told=told)

    async def boards(self) -> None:
        reading, head = await self._board.read(), await self._board.head()
        mine = reading is not None and head is not None and reading.head.epoch == head.epoch
        self.tally.note("board", mine=mine and {s.id for s in reading.subjects} >= set(self._units), told=head)  # type: ignore[union-attr]

    async def lane(self) -> None:
        unit, free, report_id = self._chance.choice(self._units), self._chance.randint(0, 20), new_id()
        answer: ReportAnswer = await self._place.lane.submit(self._place.make_report(unit, free, id=report_id))
        self.kept.add(report_id)
        mine = (answer.report_id, answer.units[0].unit_id) == (report_id, unit)
        self.tally.note("lane", mine=mine, told=answer)

    async def many(self, count: int) -> None:
        """Ask so many times; hang up on most, at any moment."""
        kinds: list[Callable[[], Awaitable[None]]] = [self.postgres, self.journal, self.redis, self.boards, self.lane]
        seats = asyncio.Semaphore(_AT_ONCE)

        async def one() -> None:
            async with seats:
                asked = asyncio.ensure_future(self._chance.choice(kinds)())
                if self._chance.random() < 0.2:
                    await asked
                    return
                await asyncio.sleep(self._chance.uniform(0, _HANGS_UP_WITHIN_S))
                self.tally.outcomes["hung up"] += asked.cancel()
                with suppress(asyncio.CancelledError):
                    await asked

        # Of all that were begun, more than `count` are hung up on only where some were not answered before.
        while self.tally.outcomes["hung up"] < count:
            await asyncio.gather(*(one() for _ in range(5 * _AT_ONCE)))


@pytest.mark.parametrize(
    "count", [pytest.param(500), pytest.param(10_000, marks=[pytest.mark.faults, pytest.mark.timeout(400)])]
)
async def test_whoever_hangs_up_leaves_no_answer_to_the_next(
    pool: Pool, region_id: UUID, settings: Settings, count: int
) -> None:
    chance, links = random.Random(_seed()), open_redis(settings, "test")
    assert links is not None
    async with standing(pool, region_id, settings) as place:
        units = [await place.unit() for _ in range(10)]
        async with pool.acquire() as connection:
            head, subjects = await read_board(connection, region_id)
        assert await LiveBoard(links, region_id, 1.0).rebuild(head, subjects)
        asking = Asking(place, links, units, chance)
        await asking.many(count)
        print(dict(asking.tally.outcomes))
        assert not asking.tally.crossed, asking.tally.crossed[:5]
        assert min(asking.tally.outcomes[f"{kind} answered"] for kind in ("postgres", "redis", "lane")) > count // 50
        await asyncio.gather(*(pool.fetchval("SELECT pg_sleep(0.05)") for _ in range(pool.get_max_size())))
        # The lane goes on with what nobody waits for any more; then every connection is back.
        await eventually(lambda: pool.get_idle_size() == pool.get_size())
        lost = await pool.fetch("SELECT a.id FROM unnest($1::uuid[]) a(id) LEFT JOIN report r USING (id) "
                                "WHERE r.id IS NULL", list(asking.kept))  # fmt: skip
        assert not lost
    found = await verify_region(pool, None, region_id)
    assert found.clean, [str(difference) for difference in found.differences[:10]]
    await links.close()


@dataclass(slots=True)
class Caller:
    """One client with a kept connection, that hangs up on it at any moment, and then calls anew."""

    installation: Installation
    chance: random.Random
    tally: Tally
    kept: set[UUID]
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None

    async def run(self, count: int) -> None:
        hung_up = 0
        while hung_up < count:
            hung_up += not await self._call()

    async def _call(self) -> bool:
        """Send one request; return whether its answer was waited for."""
        if self.writer is None:
            parts = urlsplit(self.installation.nodes[0].address)
            self.reader, self.writer = await asyncio.open_connection(parts.hostname, parts.port)
        request, check = self.chance.choice([self._report, self._history, self._read])()
        stays = self.chance.random() < 0.3
        cut = len(request) if stays or self.chance.random() < 0.7 else self.chance.randrange(len(request))
        self.writer.write(request[:cut])
        if not stays:
            await asyncio.sleep(self.chance.uniform(0, 3 * _HANGS_UP_WITHIN_S))
            self._hang_up()
            return False
        assert self.reader is not None
        status, body = await read_answer(self.reader)
        if status == 503:
            self.tally.outcomes["503"] += 1
        else:
            self.tally.note("http", mine=status == 200 and check(json.loads(body)), told=(status, body))
        return True

    def _hang_up(self) -> None:
        """Politely, or with a reset."""
        assert self.writer is not None
        if self.chance.random() < 0.5:
            linger = struct.pack("ii", 1, 0)
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort() if self.chance.random() < 0.5 else self.writer.close()
        self.reader = self.writer = None

    def _request(self, method: str, path: str, headers: dict[str, str], body: Any = None) -> bytes:
        return request_of(method, path, f"localhost:{self.installation.nodes[0].port}", headers, body)

    def _any(self) -> tuple[Estate, UUID, UUID]:
        estate = self.installation.estate
        shelter = self.chance.choice(estate.shelters)
        return estate, shelter, self.chance.choice(estate.units[shelter])

    def _report(self) -> tuple[bytes, Callable[[Any], bool]]:
        estate, shelter, unit = self._any()
        report_id, free = new_id(), self.chance.randint(0, CAPACITY)
        body = {"shelter": str(shelter), "units": [{"unit": str(unit), "free": free}]}

        def check(told: Any) -> bool:
            self.kept.add(report_id)
            return (told["report"], told["units"][0]["unit"]) == (str(report_id), str(unit))

        return self._request("PUT", f"/reports/{report_id}", estate.key_headers(shelter), body), check

    def _history(self) -> tuple[bytes, Callable[[Any], bool]]:
        estate, shelter, unit = self._any()
        request = self._request("GET", f"/units/{unit}/history?limit=3", estate.key_headers(shelter))
        return request, lambda told: bool(told["unit"] == str(unit))

    def _read(self) -> tuple[bytes, Callable[[Any], bool]]:
        estate, shelter, _ = self._any()
        units = {str(unit) for unit in estate.units[shelter]}
        request = self._request("GET", f"/board?shelter={shelter}", estate.key_headers(shelter))
        return request, lambda told: {unit["id"] for unit in told["units"]} == units


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_ten_thousand_callers_hang_up_and_nobody_gets_their_answers() -> None:
    seed, tally, kept = _seed(), Tally(), set[UUID]()
    async with installed() as installation:
        callers = [Caller(installation, random.Random(seed * 1_000 + n), tally, kept) for n in range(_AT_ONCE)]
        await asyncio.gather(*(caller.run(10_000 // _AT_ONCE) for caller in callers))
        for caller in callers:
            if caller.writer is not None:
                caller.writer.close()
        print(dict(tally.outcomes), len(kept), "reports acknowledged")
        assert not tally.crossed, tally.crossed[:5]
        assert tally.outcomes["http answered"] > 2_000
        pool, links = await open_pool(installation.settings, "test"), open_redis(installation.settings, "test")
        assert links is not None
        try:
            await _assert_whole(pool, installation, kept)
            found = await verify_region(pool, links, installation.estate.region_id)
            assert found.clean, [str(difference) for difference in found.differences[:10]]
        finally:
            await links.close()
            await pool.close()


_SESSIONS = """
SELECT count(*) FILTER (WHERE state LIKE 'idle in transaction%' OR state = 'active') FROM pg_stat_activity
WHERE application_name LIKE 'halte node%'
"""


async def _assert_whole(pool: Pool, installation: Installation, kept: set[UUID]) -> None:
    """What was acknowledged is there; the node's connections rest, and as many questions as it has are answered."""
    rows = await pool.fetchval("SELECT count(*) FROM report WHERE id = ANY($1)", list(kept))
    assert rows == len(kept)
    busy: int = await pool.fetchval(_SESSIONS)
    for _ in range(50):
        if busy == 0:
            break
        await asyncio.sleep(0.1)
        busy = await pool.fetchval(_SESSIONS)
    assert busy == 0
    tally = Tally()
    last = [Caller(installation, random.Random(n), tally, set()) for n in range(3 * installation.settings.pool_max)]
    async with asyncio.timeout(5):
        for caller in last:
            caller.chance.random = lambda: 0.0  # type: ignore[method-assign]  # these stay on the line
        await asyncio.gather(*(caller._call() for caller in last))
    for caller in last:
        if caller.writer is not None:
            caller.writer.close()
    assert tally.outcomes["http answered"] == len(last)
