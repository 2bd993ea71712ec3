"""What a region a hundred times as large costs, and what more nodes bring: 400 to 40,000 units, one to four nodes.

The region is the invented one of `halte demo`, copied (tests/support/multiplying.py). Reports come from
`loading/reporters.c`, 64 connections, spread over all units; snapshots are fetched by curl. Ticks are those of a desk's
screen, 20 ms, while 200 reports/s arrive: how late they are, with and without somebody who fetches the whole board.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from inventory.rebuilding import rebuild_region
from kernel.live.board import LiveBoard
from kernel.postgres import Pool, open_pool
from kernel.redis import RedisLinks, open_redis
from tests.bench.measuring import conditions, fsync_ms, spread, told
from tests.integration.kernel.live.waiting import eventually
from tests.support.compiling import compiled
from tests.support.estate import NO_TLS
from tests.support.installation import Founded, founded
from tests.support.multiplying import multiply
from tests.support.region import PASSWORD
from tests.support.running import SCRAPER, Server

_COPIES = (1, 10, 98)
_NODES_MAX = 4
_KEYS = 16
_CONNECTIONS = 64
_ROUNDS, _ROUND_S = 5, 2.0
_SNAPSHOTS = 7
_OFFERED_PER_S = 200
_WATCH_S = 4.0
_REPORTERS = Path(__file__).parent / "loading" / "reporters.c"
# What Prometheus keeps of a tick.
_KEPT = ("sum", "count")
_GRANT = """
INSERT INTO machine_key_shelter (key_id, shelter_id, actor_id)
SELECT ($2::uuid[])[1 + (hashtextextended(id::text, 0) & 15)], id, id FROM shelter WHERE region_id = $1
ON CONFLICT DO NOTHING
"""
_TARGETS = """
SELECT u.shelter_id, u.id, g.key_id FROM unit u JOIN machine_key_shelter g ON g.shelter_id = u.shelter_id
WHERE u.region_id = $1 AND NOT u.surge ORDER BY md5(u.id::text) LIMIT 20000
"""


@dataclass(slots=True)
class Ground:
    """A region, its keys, and what is needed to hurt it."""

    founded: Founded
    pool: Pool
    links: RedisLinks
    reporters: Path
    folder: Path
    units: int
    cookie: str = ""
    keys: list[tuple[UUID, str]] = field(default_factory=list)

    @property
    def node(self) -> Server:
        return self.founded.nodes[0]

    def process(self) -> psutil.Process:
        assert self.node.process is not None
        return psutil.Process(self.node.process.pid)

    async def start_node(self) -> float:
        node, began = Server(self.founded.settings), time.monotonic()
        await node.start()
        self.founded.nodes.append(node)
        return time.monotonic() - began

    async def sign_in(self) -> None:
        """As the administrator, and with keys, each for its share of the shelters."""
        address = self.node.address
        async with httpx.AsyncClient(headers={"Origin": address}, timeout=60, verify=NO_TLS) as client:
            answer = await client.post(f"{address}/api/v1/sessions", json={"login": "admin", "password": PASSWORD})
            self.cookie = client.headers["Cookie"] = answer.headers["set-cookie"].partition(";")[0]
            first = await self.pool.fetchval("SELECT id FROM shelter WHERE region_id = $1", self.founded.region_id)
            body = {"verbs": ["report", "read"], "shelters": [str(first)]}
            for number in range(_KEYS):
                made = await client.post(f"{address}/api/v1/keys", json=body | {"name": f"Software {number}"})
                self.keys.append((UUID(made.json()["key"]["id"]), made.json()["secret"]))
        region_id = self.founded.region_id
        await self.pool.execute(_GRANT, region_id, [key for key, _ in self.keys])
        rows = await self.pool.fetch(_TARGETS, region_id)
        secrets = dict(self.keys)
        lines = [f"{row['shelter_id']} {row['id']} Bearer {secrets[row['key_id']]}" for row in rows]
        self.targets.write_text("\n".join(lines) + "\n")

    @property
    def targets(self) -> Path:
        return self.folder / "targets"

    async def report(self, seconds: float, per_s: float = 0, nodes: int = 1) -> dict[str, Any]:
        """Let the C clients report, shared out over the nodes; return what it came to."""
        told = await asyncio.gather(*(
            _run(self.reporters, "127.0.0.1", node.port, _CONNECTIONS // nodes, seconds, self.targets, per_s / nodes)
            for node in self.founded.nodes[:nodes]
        ))  # fmt: skip
        every: list[dict[str, Any]] = [json.loads(one) for one in told]
        assert not any(one["strange"] + one["refused"] for one in every), every
        rate = sum(one["per_s"] for one in every)
        return {"per_s": rate, "p99_ms": max(one["p99_ms"] for one in every)}


async def _run(*command: object) -> bytes:
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0, command
    return out


@contextlib.asynccontextmanager
async def grown(copies: int, folder: Path) -> AsyncIterator[Ground]:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    reporters = compiled(_REPORTERS, folder / "reporters")
    async with founded(nodes=0) as ground:
        units = await multiply(ground.settings, ground.region_id, copies)
        pool, links = await open_pool(ground.settings, "bench"), open_redis(ground.settings, "bench")
        assert links is not None
        try:
            yield Ground(ground, pool, links, reporters, folder, units)
        finally:
            await links.close()
            await pool.close()


@dataclass(slots=True)
class Watching:
    """When a desk's screen was told something: its ticks, as they came."""

    at: list[float] = field(default_factory=list)

    def late_ms(self, since: float, until: float) -> tuple[float, float]:
        """How much later than 20 ms after the one before frames came: at 99 %, and at most."""
        times = [one for one in self.at if since <= one <= until]
        gaps = sorted(max(0.0, 1_000 * (later - earlier) - 20) for earlier, later in pairwise(times))
        return (gaps[int(0.99 * (len(gaps) - 1))], gaps[-1]) if gaps else (float("nan"), float("nan"))


@contextlib.asynccontextmanager
async def watching(ground: Ground) -> AsyncIterator[Watching]:
    """A desk's screen, from where the board stands."""
    headers = {"Cookie": ground.cookie, "Origin": ground.node.address}
    async with httpx.AsyncClient(headers=headers, timeout=60, verify=NO_TLS) as client:
        answer = await client.get(f"{ground.node.address}/api/v1/board?commune=none")
    board, seen = answer.json(), Watching()
    address = ground.node.address.replace("http://", "ws://") + "/live/desk"
    async with connect(
        address, subprotocols=[Subprotocol("halte.v1")], additional_headers=headers, compression=None, max_size=None
    ) as socket:
        hello = json.dumps({"t": "hello", "after": board["seq"], "epoch": board["epoch"]})
        await socket.send(hello)

        async def read() -> None:
            async for frame in socket:
                if '"resync"' in str(frame)[:20]:
                    # A large board is fetched, and here it was.
                    await socket.send(hello)
                    continue
                seen.at.append(time.monotonic())
                if told := re.search(r'"to":(\d+)', str(frame)[:120]):
                    await socket.send(json.dumps({"t": "ack", "to": int(told[1])}))

        reading = asyncio.create_task(read())
        yield seen
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _fetch(ground: Ground) -> tuple[float, int, float]:
    """Fetch the whole board by curl; return seconds, bytes, and what it cost the node of the processor."""
    before = ground.process().cpu_times()
    out = await _run(
        "curl", "-s", "-o", "/dev/null", "-w", "%{time_total} %{size_download} %{http_code}",
        "-H", f"Cookie: {ground.cookie}", f"{ground.node.address}/api/v1/board",
    )  # fmt: skip
    after = ground.process().cpu_times()
    took, size, status = out.decode().split()
    assert status == "200"
    return float(took), int(size), after.user + after.system - before.user - before.system


async def _flushes(node: Server) -> tuple[float, float]:
    async with httpx.AsyncClient(headers=SCRAPER, verify=NO_TLS) as client:
        text = (await client.get(f"{node.address}/metrics")).text
    spent, count = (re.findall(rf"^halte_live_flush_seconds_{name}{{.*}} (\S+)$", text, re.MULTILINE) for name in _KEPT)
    return float(spent[0]), float(count[0])


async def _rebuilt(ground: Ground) -> tuple[list[float], list[float]]:
    """How long `halte rebuild` takes, and how long an emptied Redis is without a board."""
    settings, region = ground.founded.settings, ground.founded.region_id
    commanded, mended = [], []
    board = LiveBoard(ground.links, region, 5.0)
    for _ in range(3):
        began = time.monotonic()
        await rebuild_region(ground.pool, ground.links, region, settings.redis_timeout_s)
        commanded.append(time.monotonic() - began)
    for _ in range(3):
        await ground.links.board.flushall()
        mended.append(await eventually(partial(_is_there, board), 30))
    return commanded, mended


def _spent_s(processes: list[psutil.Process]) -> float:
    return sum(one.cpu_times().user + one.cpu_times().system for one in processes)


def _postgres_s(ground: Ground) -> float:
    """What all of Postgres has had of the processor; its connections stay open, so that none of it is lost."""
    main = psutil.Process(ground.founded.embedded.postgres.pid)
    return _spent_s([main, *main.children(recursive=True)])


async def _is_there(board: LiveBoard) -> bool:
    return await board.head() is not None


@pytest.mark.bench
@pytest.mark.parametrize("copies", _COPIES)
async def test_from_400_to_40_000_units(copies: int, tmp_path: Path) -> None:
    async with grown(copies, tmp_path) as ground:
        start_s = await ground.start_node()
        await ground.sign_in()
        print(f"\n{ground.units} units: {conditions(f'fsync {fsync_ms(ground.folder):.2f} ms')}")
        await _fetch(ground)
        snapshots = [await _fetch(ground) for _ in range(_SNAPSHOTS)]
        took = [1_000 * one for one, _, _ in snapshots]
        print(f"a node starts in {start_s:.1f} s")
        print(f"snapshot of {snapshots[0][1] / 1e6:.1f} MB: {spread(took, 0, ' ms')}, "
              f"{1_000 * statistics.median(cpu for *_, cpu in snapshots):.0f} ms of the processor")  # fmt: skip
        told("snapshot", statistics.median(took), 150, "ms")
        await _watch(ground)
        await _report(ground)
        commanded, mended = await _rebuilt(ground)
        print(f"rebuild: commanded {spread(commanded, 2, ' s')}, after an emptied Redis {spread(mended, 2, ' s')}")
        told("rebuild", max(commanded + mended), 5, "s")
        redis: dict[str, Any] = await ground.links.board.info("memory")
        print(f"memory of the node: {ground.process().memory_info().rss / 1e6:.0f} MB, "
              f"of Redis: {redis['used_memory'] / 1e6:.0f} MB")  # fmt: skip


async def _report(ground: Ground) -> None:
    """As many reports as it takes, and what each of them costs node, Postgres and disk."""
    size = "SELECT pg_database_size(current_database())"
    kept, node_s, postgres_s = await ground.pool.fetchval(size), _spent_s([ground.process()]), _postgres_s(ground)
    rounds = [await ground.report(_ROUND_S) for _ in range(_ROUNDS)]
    reports = sum(one["per_s"] for one in rounds) * _ROUND_S
    node_us = 1e6 * (_spent_s([ground.process()]) - node_s) / reports
    postgres_us = 1e6 * (_postgres_s(ground) - postgres_s) / reports
    written = (await ground.pool.fetchval(size) - kept) / reports
    rates, late = [one["per_s"] for one in rounds], [one["p99_ms"] for one in rounds]
    print(f"reports: {spread(rates, 0, '/s')}, 99 % within {spread(late, 1, ' ms')}")
    print(
        f"a report: {node_us:.0f} us of the processor in the node, {postgres_us:.0f} in Postgres; {written:.0f} bytes"
    )


async def _watch(ground: Ground) -> None:
    """Ticks at 200 reports/s, in quiet and while the board is fetched again and again."""
    async with watching(ground) as seen:
        (spent, flushes), began = await _flushes(ground.node), time.monotonic()
        await ground.report(_WATCH_S, _OFFERED_PER_S)
        quiet, middle = seen.late_ms(began, time.monotonic()), time.monotonic()
        (more, count) = await _flushes(ground.node)
        reporting = asyncio.create_task(ground.report(_WATCH_S, _OFFERED_PER_S))
        fetched = 0
        while not reporting.done():
            await _fetch(ground)
            fetched += 1
            await asyncio.sleep(0.05)
        await reporting
        beside = seen.late_ms(middle, time.monotonic())
    print(f"a tick costs {1_000 * (more - spent) / max(1, count - flushes):.3f} ms at {_OFFERED_PER_S} reports/s")
    print(f"ticks late in quiet: {quiet[0]:.1f} ms at 99 %, at most {quiet[1]:.1f} ms; "
          f"beside {fetched} snapshots: {beside[0]:.1f} ms, at most {beside[1]:.1f} ms")  # fmt: skip


@pytest.mark.bench
async def test_from_one_node_to_four(tmp_path: Path) -> None:
    """All on one machine: more nodes bring no more than it has, and must not cost more than they bring."""
    async with grown(1, tmp_path) as ground:
        for number in range(_NODES_MAX):
            await ground.start_node()
            if number == 0:
                await ground.sign_in()
        print(f"\n1 to {_NODES_MAX} nodes, {ground.units} units: {conditions('client and servers on them too')}")
        await ground.report(1.0, nodes=_NODES_MAX)
        rounds: dict[int, list[dict[str, Any]]] = {nodes: [] for nodes in range(1, _NODES_MAX + 1)}
        for _ in range(_ROUNDS):
            for nodes, every in rounds.items():
                every.append(await ground.report(_ROUND_S, nodes=nodes))
        for nodes, every in rounds.items():
            print(f"{nodes} nodes: {spread([one['per_s'] for one in every], 0, ' reports/s')}, "
                  f"99 % within {spread([one['p99_ms'] for one in every], 1, ' ms')}")  # fmt: skip
