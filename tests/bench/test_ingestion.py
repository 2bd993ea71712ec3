"""How many single reports a node takes, beside the same node with a transaction and a call to Redis for each of them.

The node that is measured has a core for itself; Postgres, Valkey and the client share the other. Nodes that are not
measured are frozen, for they would follow what is written on the same core.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import httpx
import pytest

from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.postgres import open_pool
from kernel.redis import open_redis
from tests.bench.measuring import conditions, fsync_ms, ratio, spread, told
from tests.bench.reporting import Reporters, Round, confined, freeze, pin, process_of, thaw, wake
from tests.support.estate import NO_TLS
from tests.support.installation import Installation, installed
from tests.support.running import Server

pytestmark = pytest.mark.bench

_APP_CORE, _OTHER_CORE = 0, 1
_SHELTERS = 50
_ROUNDS, _ROUND_S, _WARM_S = 5, 1.2, 0.7
_MANY = (64, 256)
_POOLS = (16, 32)  # two of them and the node have a hundred connections between them
_BASELINE = "from tests.bench.baselines.alone import main; main()"
_NAMES = {"sqlalchemy": "through SQLAlchemy", "asyncpg": "plain asyncpg"}
# What a person could look up on the board, and no two units share.
_OWN = ("id", "shelter", "seq", "count_report")


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="the node needs a core for itself")
async def test_single_reports_beside_a_transaction_for_each(tmp_path: Path) -> None:
    with confined(_OTHER_CORE):
        async with installed(shelters=_SHELTERS) as installation:
            reporters = Reporters(installation.estate, tmp_path)
            halte = installation.nodes[0]
            pin(process_of(halte), _APP_CORE)
            freeze(halte)
            try:
                nodes = {"halte": halte} | {kind: await _best(installation, reporters, kind) for kind in _NAMES}
                rounds = {count: await _in_turns(nodes, reporters, count) for count in (*_MANY, 1)}
                _tell(tmp_path, rounds)
                await _expect_one_board(installation, nodes)
                uncounted = await _without_counter(installation, reporters, nodes)
            finally:
                for node in installation.nodes:
                    wake(node)
    for kind, each in uncounted.items():
        print(f"{_MANY[0]} connections, {_NAMES[kind]}, no counter: {spread([one.per_s for one in each], 0, '/s')}")
    _judge(rounds)


async def _best(installation: Installation, reporters: Reporters, kind: str) -> Server:
    """Try a baseline with each size of its pool, one after the other, and start it with the one that does most."""
    found: dict[float, str] = {}
    for pool in map(str, _POOLS):
        node = await _baseline(installation, kind, HALTE_BASELINE_POOL=pool)
        found[(await reporters.run(node, _MANY[0], _WARM_S)).per_s] = pool
        await _end(installation, node)
    best = found[max(found)]
    print(f"\n{kind}: a pool of {best} does most", end="")
    node = await _baseline(installation, kind, HALTE_BASELINE_POOL=best)
    freeze(node)
    return node


async def _baseline(installation: Installation, kind: str, **variables: str) -> Server:
    node = Server(installation.settings, variables={"HALTE_BASELINE": kind, **variables}, program=_BASELINE)
    await node.start()
    installation.nodes.append(node)
    pin(process_of(node), _APP_CORE)
    return node


async def _end(installation: Installation, node: Server) -> None:
    """End a baseline: Postgres has a hundred connections for all their pools."""
    wake(node)
    installation.nodes.remove(node)
    await node.stop()


async def _in_turns(nodes: dict[str, Server], reporters: Reporters, count: int) -> dict[str, list[Round]]:
    rounds: dict[str, list[Round]] = {name: [] for name in nodes}
    for turn in range(_ROUNDS):
        for name, node in nodes.items():
            async with _thawed(node):
                if not turn:
                    await reporters.run(node, count, _WARM_S)
                rounds[name].append(await reporters.run(node, count, _ROUND_S))
    return rounds


@asynccontextmanager
async def _thawed(node: Server) -> AsyncIterator[None]:
    await thaw(node)
    try:
        yield
    finally:
        freeze(node)


async def _expect_one_board(installation: Installation, nodes: dict[str, Server]) -> None:
    """The same reports leave the same board, whoever writes them down."""
    shelter = installation.estate.shelters[0]
    headers, boards = installation.estate.key_headers(shelter), {}
    looked = [datetime.now(UTC).isoformat() for _ in range(3)]
    for unit, (name, node) in zip(installation.estate.units[shelter], nodes.items(), strict=False):
        async with _thawed(node), httpx.AsyncClient(base_url=node.address, verify=NO_TLS, headers=headers) as client:
            for free, at in zip((3, 29, 7), looked, strict=True):
                line = {"unit": str(unit), "free": free, "capacity": 25, "intake": {"state": "paused"}}
                body = {"shelter": str(shelter), "units": [line], "observed_at": at}
                answer = await client.put(f"/api/v1/reports/{new_id()}", json=body)
                assert answer.status_code == 200, answer.text
            boards[name] = await _shown(client, str(unit))
    assert boards["sqlalchemy"] == boards["asyncpg"] == boards["halte"]
    for kind in _NAMES:
        await _end(installation, nodes[kind])
    await _verify(installation)
    async with _thawed(nodes["halte"]), httpx.AsyncClient(base_url=nodes["halte"].address, verify=NO_TLS) as client:
        client.headers = httpx.Headers(headers)
        for unit, shown in zip(installation.estate.units[shelter], boards.values(), strict=False):
            assert await _shown(client, str(unit)) == shown


async def _verify(installation: Installation) -> None:
    """Hold tables, journal and Redis against each other, after all that everybody has written."""
    links = open_redis(installation.settings, "test")
    pool = await open_pool(installation.settings, "test")
    try:
        found = await verify_region(pool, links, installation.estate.region_id)
    finally:
        await pool.close()
        if links is not None:
            await links.close()
    assert found.clean, "\n".join(map(str, found.differences))


async def _shown(client: httpx.AsyncClient, unit: str) -> dict[str, Any]:
    units = (await client.get("/api/v1/board")).json()["units"]
    (state,) = (one for one in units if one["id"] == unit)
    return {name: value for name, value in state.items() if name not in _OWN}


async def _without_counter(
    installation: Installation, reporters: Reporters, nodes: dict[str, Server]
) -> dict[str, list[Round]]:
    """Run the baselines without the region's counter, last of all: their numbers are in no order."""
    connection = await asyncpg.connect(installation.settings.database_url)
    await connection.execute("CREATE SEQUENCE baseline_seq START 1000000000")
    await connection.close()
    found = {}
    for kind in _NAMES:
        pool = nodes[kind].variables["HALTE_BASELINE_POOL"]
        node = await _baseline(installation, kind, HALTE_BASELINE_POOL=pool, HALTE_BASELINE_COUNTER="0")
        await reporters.run(node, _MANY[0], _WARM_S)
        found[kind] = [await reporters.run(node, _MANY[0], _ROUND_S) for _ in range(_ROUNDS)]
        await _end(installation, node)
    return found


def _tell(folder: Path, rounds: dict[int, dict[str, list[Round]]]) -> None:
    print(f"\n{_SHELTERS * 8} units, a key for each of {_SHELTERS} shelters, {_ROUNDS} rounds of {_ROUND_S} s in turns")
    print(conditions(f"the node on core {_APP_CORE}", f"Postgres, Valkey and the client on core {_OTHER_CORE}"))
    print(f"fdatasync of 8 KiB: {fsync_ms(folder):.2f} ms, {time.strftime('%B %Y')}")
    for count, every in rounds.items():
        for name, each in every.items():
            per_s = spread([one.per_s for one in each], 0, "/s")
            print(f"{count} connections, {_NAMES.get(name, name)}: {per_s}, ", end="")
            print(f"half within {median(one.p50_ms for one in each):.1f} ms, ", end="")
            print(f"99 % within {spread([one.p99_ms for one in each], 1, ' ms')}")
    told("99 % at 64 connections", median(one.p99_ms for one in rounds[64]["halte"]), 30, "ms")


def _judge(rounds: dict[int, dict[str, list[Round]]]) -> None:
    """Print every ratio before one of them may fail."""
    missed: list[AssertionError] = []
    for count, kind, least in (
        (64, "sqlalchemy", 5.0), (64, "asyncpg", 2.5), (256, "sqlalchemy", 5.0), (256, "asyncpg", 2.5),
        (1, "sqlalchemy", 1.0), (1, "asyncpg", 1.0),
    ):  # fmt: skip
        ours, theirs = ([one.per_s for one in rounds[count][name]] for name in ("halte", kind))
        try:
            ratio(f"{count} connections, beside {_NAMES[kind]}", ours, theirs, least)
        except AssertionError as error:
            missed.append(error)
    assert not missed, missed
