"""I7 over real sockets: two nodes, screens of three audiences, and a Redis that goes through everything."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from websockets.exceptions import ConnectionClosed

from kernel.ids import new_id
from kernel.live.region import RegionLive
from kernel.settings import Settings
from tests.integration.kernel.live.conftest import MakeNode, Writer
from tests.integration.kernel.live.servers import OwnValkey
from tests.integration.kernel.live.waiting import eventually
from tests.integration.kernel.live.wire import Site, follow, say, serve
from tests.unit.kernel.live.playing import History, Screen, body_of

UNITS = [new_id() for _ in range(30)]


async def keep_watching(site: Site, audience: str, screen: Screen, chance: random.Random) -> None:
    """Follow, and come back with what is known after every interruption. A gap would end it: there must be none."""
    while True:
        with suppress(ConnectionClosed, OSError, TimeoutError):
            async with site.connect() as connection:
                await say(connection, t="hello", after=screen.to, epoch=screen.epoch, ticket=audience)
                async with asyncio.timeout(chance.uniform(0.3, 3.0)):
                    await follow(connection, screen)
        await asyncio.sleep(0.01)


async def trouble(valkey: OwnValkey) -> None:
    """Everything that may happen to a Redis, one after the other."""
    dump = await valkey.dump()
    await asyncio.sleep(0.3)
    await valkey.empty()
    await asyncio.sleep(0.5)
    valkey.freeze()
    await asyncio.sleep(1.0)
    valkey.thaw()
    await asyncio.sleep(0.5)
    await valkey.restart(dump)
    await asyncio.sleep(0.5)
    valkey.kill()
    await asyncio.sleep(0.5)
    await valkey.restart()


async def write_on(writer: Writer, nodes: list[RegionLive], done: asyncio.Event, seed: int) -> None:
    chance = random.Random(seed)
    mine = UNITS[seed::2]
    while not done.is_set():
        changes: list[tuple[UUID, bytes | None]] = []
        for unit in chance.sample(mine, chance.randint(1, 4)):
            body = body_of(unit, chance.randint(0, 6), secret=chance.random() < 0.4, owner=chance.choice("ab"))
            changes.append((unit, body if chance.random() > 0.1 else None))
        await chance.choice(nodes).publisher.publish(await writer.write(*changes))
        await asyncio.sleep(chance.uniform(0.0, 0.02))


def shows(screen: Screen, fresh: dict[str, dict[str, Any]]) -> bool:
    return screen.board == fresh


async def test_i7_every_screen_ends_with_a_fresh_snapshot_whatever_redis_went_through(
    make_node: MakeNode, writer: Writer, own_valkey: OwnValkey, folder: Path, settings: Settings
) -> None:
    nodes = [await make_node(redis_url=own_valkey.url) for _ in range(2)]
    sites = [Site(folder / f"{number}.sock") for number in range(2)]
    screens = [(audience, Screen()) for audience in ("desk", "public", "a", "b") for _ in range(4)]
    done = asyncio.Event()
    async with AsyncExitStack() as stack:
        for number, site in enumerate(sites):
            hub_of = partial(getattr, nodes[number], "hub")
            await stack.enter_async_context(serve(site, hub_of, settings, direct=bool(number)))
        watching = [
            asyncio.create_task(keep_watching(sites[number % 2], audience, screen, random.Random(number)))
            for number, (audience, screen) in enumerate(screens)
        ]
        writing = [asyncio.create_task(write_on(writer, nodes, done, seed)) for seed in range(2)]
        await trouble(own_valkey)
        done.set()
        await asyncio.gather(*writing)
        head, board = await writer.board()
        truth = History(epoch=head.epoch, seq=head.seq, entries=list(board.values()))
        for audience, screen in screens:
            fresh = truth.shown_to(("own", audience) if len(audience) == 1 else audience)
            await eventually(partial(shows, screen, fresh), 10.0)
        for task in watching:
            task.cancel()
        ends = await asyncio.gather(*watching, return_exceptions=True)
        assert [end for end in ends if not isinstance(end, asyncio.CancelledError)] == []
