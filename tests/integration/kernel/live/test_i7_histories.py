"""I7 on real histories: the real writer and the real masks, two nodes, a Redis that goes through everything.

People report, move, hold and end; units close, go and come back, a shelter becomes secret and open
again, nights turn. Requests and placements come, go, and are purged. Screens of every audience are slow,
go away, come back to the other node, or fetch the board in between. In the end each shows what a fresh
snapshot would. `HALTE_HISTORY_SEED` repeats the draws, timing aside.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from inventory.defining import DefineOperator, DefineShelter
from inventory.lane.working import SYSTEM
from inventory.lane.writer import InventoryWriter
from inventory.model.audience import Audience
from inventory.model.unit import Operator, Shelter
from inventory.rebuilding import RedisEmptiedError, rebuild_region, renew_epoch
from kernel.clock import ShownClock
from kernel.ids import new_id
from kernel.journal import read_board
from kernel.lane import Lane
from kernel.live.region import RegionLive
from kernel.postgres import Pool
from kernel.redis import REDIS_AWAY, RedisLinks, open_redis
from kernel.settings import Settings
from orientation.model.audience import DESK, LENS, Insider, staff_of
from tests.integration.inventory.conftest import Place
from tests.integration.inventory.histories import History
from tests.integration.kernel.live.servers import OwnValkey
from tests.integration.kernel.live.waiting import eventually
from tests.support import marks
from tests.support.agreeing import shown_to
from tests.unit.kernel.live.playing import KINDS, Screen, board_of, connect

_WRITES_S = 20.0
_SETTLES_S = 15.0
_TICK_MS = 20


@dataclass(slots=True)
class Node:
    live: RegionLive
    lane: Lane


@dataclass(slots=True)
class Watcher:
    """A screen that is as bad as screens are, until `quiet`: then it stays, and takes whatever comes."""

    audience: Audience | Insider
    nodes: Sequence[Node]
    chance: random.Random
    quiet: asyncio.Event
    screen: Screen = field(default_factory=Screen)
    deltas: int = 0
    snapshots: int = 0
    fetches: int = 0

    async def run(self) -> None:
        while True:
            hub = self.chance.choice(self.nodes).live.hub
            if self.screen.to is not None and self.chance.random() < 0.15:
                self.fetch(board_of(hub, self.audience))
            connection, cable = connect()
            epoch = None if self.screen.epoch is None else UUID(self.screen.epoch)
            hub.join(connection, self.audience, _TICK_MS, self.screen.to, epoch)
            goes_at = time.monotonic() + self.chance.uniform(0.1, 2.5)
            while not cable.aborted and (self.quiet.is_set() or time.monotonic() < goes_at):
                frame = cable.take()
                if frame is None:
                    await asyncio.sleep(0.01)
                    continue
                ack = self.hear(frame)
                if not self.quiet.is_set() and self.chance.random() < 0.15:
                    await asyncio.sleep(self.chance.uniform(0.0, 0.6))
                if ack is not None:
                    hub.acknowledge(connection, ack)
            hub.leave(connection)

    def hear(self, frame: dict[str, Any]) -> int | None:
        self.deltas += frame["t"] == "delta"
        self.snapshots += frame["t"] == "snapshot"
        ack = self.screen.hear(frame)
        self.screen.heard.clear()
        return ack

    def fetch(self, board: Any) -> None:
        self.fetches += 1
        self.screen.fetch(board)


@asynccontextmanager
async def running(settings: Settings, pool: Pool, region_id: UUID) -> AsyncIterator[Node]:
    links = open_redis(settings, "histories")
    live = RegionLive(
        settings=settings,
        region_id=region_id,
        pool=pool,
        redis=links,
        clock=ShownClock(pool),
        lens=LENS,
        kinds=KINDS,
    )
    writer = InventoryWriter(region_id, ZoneInfo("Europe/Brussels"))
    lane = Lane(pool, region_id, writer, live.publisher.publish, settings)
    await live.start()
    lane.start()
    try:
        yield Node(live, lane)
    finally:
        await lane.stop()
        await live.stop()
        if links is not None:
            await links.close()


async def begin(pool: Pool, region_id: UUID, lane: Lane, chance: random.Random, *, secret: bool) -> History:
    """Make a shelter with units, and what can be drawn for it."""
    operator = Operator(id=new_id(), region_id=region_id, name="Invented Operator")
    shelter = Shelter(
        id=new_id(),
        region_id=region_id,
        operator_id=operator.id,
        name="Invented House",
        commune="21004",
        invented=True,
        secret=secret,
    )
    await lane.submit(DefineOperator(operator, SYSTEM))
    await lane.submit(DefineShelter(shelter, SYSTEM))
    history = History(Place(lane, pool, region_id, operator.id, shelter.id), chance)
    await history.begin()
    return history


async def write_on(histories: Sequence[History], nodes: Sequence[Node], chance: random.Random) -> None:
    """Write by both nodes in turn, one history after the other: they share the clock."""
    until = time.monotonic() + _WRITES_S
    while time.monotonic() < until:
        for history in histories:
            lanes = [node.lane for node in nodes]
            chance.shuffle(lanes)
            await history.go_on(chance.randint(1, 4), tuple(lanes))
        await asyncio.sleep(chance.choice((0.0, 0.02, 0.1)))


async def mark_on(pool: Pool, region_id: UUID, shelters: Sequence[UUID], nodes: Sequence[Node], seed: str) -> None:
    """Let requests and placements come, change, end, and be forgotten at once, on either node, whatever is away."""
    chance, until = random.Random(seed), time.monotonic() + _WRITES_S
    asked, placed = [[new_id() for _ in range(6)] for _ in range(2)]
    version = 0
    while time.monotonic() < until:
        version += 1
        which, gone = chance.randrange(6), chance.random() < 0.4
        request = marks.request(asked[which], version, gone=gone)
        placement = marks.placement(placed[which], version, shelters[which % 2], asked[which], asked[which], gone=gone)
        await marks.write(pool, region_id, *chance.sample([request, placement], chance.randint(1, 2)))
        purger = chance.choice(nodes).live.purger
        if purger is not None and chance.random() < 0.2:
            with suppress(*REDIS_AWAY):
                await purger.purge(timedelta(0))
        await asyncio.sleep(chance.choice((0.0, 0.02, 0.1)))


async def trouble(valkey: OwnValkey, links: RedisLinks, pool: Pool, region_id: UUID, chance: random.Random) -> None:
    """Let everything happen to Redis, in any order, until the writing is over; and history be restored once."""

    async def rebuild() -> None:
        with suppress(RedisEmptiedError, *REDIS_AWAY):
            await rebuild_region(pool, links, region_id, 1.0)

    async def away() -> None:
        valkey.kill()
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        await valkey.restart(dump if chance.random() < 0.5 else None)

    async def frozen() -> None:
        valkey.freeze()
        await asyncio.sleep(chance.uniform(0.1, 1.0))
        valkey.thaw()

    async def restored() -> None:
        await renew_epoch(pool, region_id)

    dump = await valkey.dump()
    acts: list[Callable[[], Awaitable[None]]] = [valkey.empty, rebuild, away, frozen, valkey.empty, rebuild, restored]
    chance.shuffle(acts)
    pause_s = _WRITES_S / (len(acts) + 3)
    for act in acts:
        await asyncio.sleep(chance.uniform(0.3, 1.0) * pause_s)
        await act()


def same(watcher: Watcher, truth: dict[str, Any]) -> bool:
    return watcher.screen.board == truth


@pytest.mark.timeout(90)
async def test_i7_every_fold_is_a_fresh_snapshot_after_any_real_history(
    pool: Pool, region_id: UUID, fast: Settings, own_valkey: OwnValkey
) -> None:
    seed = int(os.environ.get("HALTE_HISTORY_SEED") or random.randrange(1_000_000))
    print(f"HALTE_HISTORY_SEED={seed}")
    chance, quiet = random.Random(seed), asyncio.Event()
    settings = replace(fast, redis_url=own_valkey.url)
    links = open_redis(settings, "trouble")
    assert links is not None
    async with running(settings, pool, region_id) as near, running(settings, pool, region_id) as far:
        nodes = (near, far)
        histories = [await begin(pool, region_id, near.lane, chance, secret=secret) for secret in (True, False)]
        one, other = (frozenset([history.place.shelter_id]) for history in histories)
        boards = [Audience(), Audience(one), Audience(other), Audience(one, only_own=True), Audience(other, True)]
        audiences: list[Audience | Insider] = [
            *boards,
            Audience(one | other, only_own=True),
            DESK,
            staff_of(one),
            staff_of(one | other),
        ]
        watchers = [Watcher(a, nodes, random.Random(f"{seed} {n}"), quiet) for n, a in enumerate(audiences * 3)]
        watching = [asyncio.create_task(watcher.run()) for watcher in watchers]
        try:
            await asyncio.gather(
                write_on(histories, nodes, chance),
                mark_on(pool, region_id, [history.place.shelter_id for history in histories], nodes, f"{seed} marks"),
                trouble(own_valkey, links, pool, region_id, random.Random(seed)),
            )
            quiet.set()
            async with pool.acquire() as connection:
                head, subjects = await read_board(connection, region_id)
            for watcher in watchers:
                await eventually(partial(same, watcher, shown_to(subjects, watcher.audience)), _SETTLES_S)
            for node in nodes:
                await eventually(lambda n=node: n.live.mirror.head == head)  # type: ignore[misc]
                for audience in audiences:
                    fresh = Watcher(audience, nodes, chance, quiet)
                    fresh.fetch(board_of(node.live.hub, audience))
                    assert fresh.screen.board == shown_to(subjects, audience)
            assert not [task for task in watching if task.done()], "no screen met a gap or a wrong ack"
        finally:
            for task in watching:
                task.cancel()
            ends = await asyncio.gather(*watching, return_exceptions=True)
    await links.close()
    assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []
    assert_it_was_a_history(histories, watchers, head.seq)


def assert_it_was_a_history(histories: Sequence[History], watchers: Sequence[Watcher], seq: int) -> None:
    """A test in which nothing happened would pass too."""
    told: dict[str, int] = {}
    for history in histories:
        for (work, _), count in history.told.items():
            told[work] = told.get(work, 0) + count
    counts = {name: sum(getattr(watcher, name) for watcher in watchers) for name in ("deltas", "snapshots", "fetches")}
    print(f"seq {seq}, {told}, {counts}")
    assert {
        "Report",
        "Move",
        "Hold",
        "CloseUnit",
        "DefineShelter",
        "DefineUnit",
        "RemoveUnit",
        "Refresh",
    } <= told.keys()
    assert counts["deltas"] > 100
    assert counts["snapshots"] > len(watchers)
    assert counts["fetches"] > 0
