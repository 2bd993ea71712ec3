"""What an operator is told by /readyz and /metrics, in good times and in bad ones, and how soon."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from halte.app import create_app
from halte.embedded.processes import Server as EmbeddedServer
from halte.watching import admits, newest_backup
from kernel.ids import new_id
from kernel.settings import Settings
from tests.support.estate import NO_TLS
from tests.support.freezing import frozen
from tests.support.installation import Installation, installed
from tests.support.running import METRICS_TOKEN, SCRAPER
from tests.support.watching import LiveScreen, watched

# It asks for a second, and gives the connection back for another; the rest is a busy machine.
_ANSWER_S = 3.5
_SOON_S = 10.0
_HOSTING = Path(__file__).resolve().parents[3] / "hosting"


@pytest.fixture(scope="module")
async def alone() -> AsyncIterator[Installation]:
    async with installed() as installation:
        yield installation


async def _readyz(installation: Installation) -> tuple[int, dict[str, Any]]:
    began = time.monotonic()
    async with httpx.AsyncClient(verify=NO_TLS, timeout=30) as client:
        answer = await client.get(f"{installation.nodes[0].address}/readyz")
    assert time.monotonic() - began < _ANSWER_S
    return answer.status_code, answer.json()


async def _until(installation: Installation, **wanted: Any) -> dict[str, Any]:
    """Ask until it says so of its region's board."""
    async with asyncio.timeout(_SOON_S):
        while True:
            _, told = await _readyz(installation)
            board: dict[str, Any] = told["boards"][str(installation.estate.region_id)]
            if board | wanted == board:
                return told
            await asyncio.sleep(0.1)


async def _report(installation: Installation) -> None:
    estate, (node,) = installation.estate, installation.nodes
    shelter = estate.shelters[0]
    body = {"shelter": str(shelter), "units": [{"unit": str(estate.units[shelter][0]), "free": 3}]}
    async with httpx.AsyncClient(headers=estate.key_headers(shelter), verify=NO_TLS) as client:
        answer = await client.put(f"{node.address}/api/v1/reports/{new_id()}", json=body)
    assert answer.status_code == 200, answer.text


@asynccontextmanager
async def _gone(server: EmbeddedServer) -> AsyncIterator[None]:
    await asyncio.to_thread(server.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


async def test_all_is_well(alone: Installation) -> None:
    await _report(alone)
    told = await _until(alone, live="redis", lag=0)
    lane = {"running": True, "queued": 0}
    board = {"live": "redis", "lag": 0, "lane": lane}
    clock = told.pop("clock")
    assert told == {"status": "ready", "postgres": True, "redis": True, "boards": {str(alone.estate.region_id): board}}
    assert clock["sweeps"] is True
    assert abs(clock["apart_s"]) < 1


async def test_postgres_isfrozen(alone: Installation) -> None:
    with frozen(alone.embedded.postgres):
        for _ in range(3):
            status, told = await _readyz(alone)
            assert (status, told["status"], told["postgres"]) == (503, "unready", False)
            (board,) = told["boards"].values()
            assert board["lag"] is None
        # Once more while every connection of the pool waits for an answer.
        crowd = await asyncio.gather(*(_readyz(alone) for _ in range(12)))
        assert {status for status, _ in crowd} == {503}
    await _until(alone, lag=0)
    await _report(alone)


async def test_postgres_is_gone(alone: Installation) -> None:
    async with _gone(alone.embedded.postgres):
        status, told = await _readyz(alone)
        assert (status, told["status"], told["postgres"], told["redis"]) == (503, "unready", False, True)
        (board,) = told["boards"].values()
        assert board["lag"] is None
    await _until(alone, lag=0)
    await _report(alone)


async def test_redis_is_gone_orfrozen(alone: Installation) -> None:
    with frozen(alone.embedded.valkey):
        status, told = await _readyz(alone)
        assert (status, told["status"], told["redis"]) == (200, "ready", False)
    async with _gone(alone.embedded.valkey):
        told = await _until(alone, live="journal")
        assert (told["status"], told["redis"]) == ("ready", False)
        await _report(alone)
        await _until(alone, live="journal", lag=0)
    await _until(alone, live="redis", lag=0)


async def test_a_board_behind_the_journal_says_by_how_much(alone: Installation) -> None:
    """The counter is moved by hand and back: the node cannot have what the journal has not."""
    connection = await asyncpg.connect(alone.settings.database_url)
    async with connection.transaction():
        before = await connection.fetchval("SELECT seq FROM region")
        await connection.execute("UPDATE region SET seq = seq + 7")
    try:
        await _until(alone, lag=7)
    finally:
        await connection.execute("UPDATE region SET seq = $1", before)
    await _until(alone, lag=0)
    await connection.close()


async def test_the_lag_to_another_epoch_is_not_a_number(alone: Installation) -> None:
    """A board of an epoch that Postgres has left may well have higher numbers."""
    connection = await asyncpg.connect(alone.settings.database_url)
    other, before = new_id(), await connection.fetchval("SELECT epoch FROM region")
    lags: list[int | None] = []
    await connection.execute("UPDATE region SET epoch = $1", other)
    async with asyncio.timeout(_SOON_S):
        while not lags or lags[-1] is None:
            _, told = await _readyz(alone)
            lags.append(told["boards"][str(alone.estate.region_id)]["lag"])
    await connection.close()
    assert before != other
    assert lags[-1] == 0, "the node took over the board of the new epoch"


async def test_a_dead_lane_is_not_ready(settings: Settings, region_id: UUID) -> None:
    """In this process, because only here it can be struck."""
    app = create_app(settings)
    transport = httpx.ASGITransport(cast("Any", app))
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://halte.test") as client:
        assert (await client.get("/readyz")).status_code == 200
        await app.state.regions.all()[0].lane._supervisor.stop()
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["status"], answer.json()["postgres"]) == (503, "unready", True)
        assert answer.json()["boards"][str(region_id)]["lane"] == {"running": False, "queued": 0}


NEEDED = {
    # Postgres, the lane and its answers.
    "halte_lane_queued",
    "halte_lane_batch_items_bucket",
    "halte_lane_commit_seconds_bucket",
    "halte_lane_unknown_total",
    "halte_lane_rolled_back_total",
    "halte_lane_busy_total",
    # The live board: is it late, where does it come from, who looks at it.
    "halte_live_source",
    "halte_live_redis_lag",
    "halte_live_mirror_lag",
    "halte_live_screens",
    "halte_live_flush_seconds_bucket",
    "halte_sweeps_allowed",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_open_fds",
}


async def test_metrics_name_what_an_operator_needs(alone: Installation) -> None:
    await _report(alone)
    address = alone.nodes[0].address
    screen = LiveScreen(address, alone.estate.headers(address, "desk"))
    async with watched(screen), httpx.AsyncClient(verify=NO_TLS) as client:
        answer = await client.get(f"{address}/metrics", headers=SCRAPER)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    assert {line.partition("{")[0].partition(" ")[0] for line in lines} >= NEEDED
    region = f'region="{alone.estate.region_id}"'
    written = [line for line in lines if line.startswith(f"halte_lane_commit_seconds_count{{{region}}}")]
    assert len(written) == 1
    assert float(written[0].rpartition(" ")[2]) > 0


_NAME = re.compile(r"\b(?:halte|process)_[a-z_]+\b")


async def test_rules_and_dashboard_ask_for_nothing_that_there_is_not(alone: Installation) -> None:
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        answer = await client.get(f"{alone.nodes[0].address}/metrics", headers=SCRAPER)
    there = set(re.findall(r"^([a-z_]+)[{ ]", answer.text, re.MULTILINE))
    rules = msgspec.yaml.decode((_HOSTING / "alerts.yaml").read_bytes())
    board = json.loads((_HOSTING / "dashboard.json").read_text("utf-8"))
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    asked += [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    named = {name for expression in asked for name in _NAME.findall(expression)}
    assert len(named) > 25
    assert named <= there, named - there
    # A series that appears with its first event has no increase by it.
    region = str(alone.estate.region_id)
    for ending in ("lapsed", "no-show"):
        assert f'halte_placements_ended_by_clock_total{{ending="{ending}",region="{region}"}} 0.0' in answer.text


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", f"Basic {METRICS_TOKEN}", METRICS_TOKEN])
async def test_metrics_are_not_there_without_the_token(alone: Installation, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with httpx.AsyncClient(verify=NO_TLS) as client:
        answer = await client.get(f"{alone.nodes[0].address}/metrics", headers=headers)
    assert (answer.status_code, answer.json()["slug"]) == (404, "not-found")


def test_without_a_token_nobody_is_its_bearer() -> None:
    assert not any(admits(None, words) for words in (None, "", "Bearer", "Bearer ", "Bearer None"))


def test_a_dump_counts_once_it_is_whole(tmp_path: Path) -> None:
    assert newest_backup(tmp_path) == 0
    for name, at in (("a.dump", 100), ("b.dump", 200), ("c.dump.part", 300)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (at, at))
    assert newest_backup(tmp_path) == 200
