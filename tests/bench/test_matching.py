"""What a suggestion costs: ranking in process, the same as SQL and in plain Python, and the route among reports.

All three give the same lists, which is looked at; of the figures nothing is asserted.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

import asyncpg
import httpx
import msgspec
import psutil
import pytest

from halte.embedded import EmbeddedServers
from inventory.mapping import put_map
from inventory.model.audience import Audience, project
from inventory.model.region_map import Commune, RegionMap
from kernel.ids import new_id
from kernel.journal import Entry, write_and_commit
from kernel.postgres import open_engine
from orientation.matching.columns import Columns
from orientation.matching.context import Context
from orientation.matching.ranking import rank
from orientation.matching.seeing import State, see
from orientation.model.household import Household
from orientation.model.policy import OrientationPolicy
from tests.bench.ranking_in_sql import arguments, fill, statement
from tests.support.boards import (
    NOW,
    POINTS,
    Chance,
    Estate,
    random_context,
    random_estate,
    random_household,
    subject,
)
from tests.support.estate import NO_TLS
from tests.support.installation import Installation, installed
from tests.support.naive_matching import Question, best_first, naive_verdicts, near_first
from tests.support.running import Server

pytestmark = pytest.mark.bench
POLICY = OrientationPolicy()
MAP = RegionMap(tuple(Commune(code, {"fr": code}, point) for code, point in POINTS.items()))
_HOUSEHOLDS, _TURNS = 60, 12
_REPORTS_PER_S, _ASKED_S = 100, 8.0
Asks = list[tuple[Household, Context]]


def columns_of(estate: Estate) -> Columns:
    columns, houses = Columns(), {unit.id: (shelter, unit) for shelter in estate[0] for unit in shelter.units}
    columns.place(POINTS)
    for state in estate[1]:
        columns.put(see(*houses[state.id], msgspec.json.decode(msgspec.json.encode(state), type=State)))
    return columns


def percentile(took: Sequence[float], share: float) -> float:
    return sorted(took)[int(share * (len(took) - 1))]


@pytest.mark.parametrize("units", [400, 5_000])
async def test_a_ranking_in_process_in_sql_and_in_plain_python(servers: EmbeddedServers, units: int) -> None:
    chance = Chance(7)
    estate = random_estate(chance, round(units / 3.67), 7)
    columns = columns_of(estate)
    asks = [(random_household(chance, estate), random_context(chance, estate)) for _ in range(_HOUSEHOLDS)]
    gc.collect()
    gc.freeze()
    try:
        ours, worked, quiet = _in_process(columns, asks)
        plain = _in_plain_python(estate, columns, asks[:10])
        sql = await _in_sql(servers.database_url, columns, asks)
    finally:
        gc.unfreeze()
    print(f"\n{len(columns)} units, {len(asks)} households, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(
        f"in process: median {median(ours):.2f} ms, 99 % {percentile(ours, 0.99):.2f} ms; processor time: median "
        f"{median(worked):.2f} ms, 99 % {percentile(worked, 0.99):.2f} ms; each household's quickest of {_TURNS}: "
        f"median {median(quiet):.2f} ms, 99 % {percentile(quiet, 0.99):.2f} ms"
    )
    for name, took in (("as SQL in Postgres", sql), ("in plain Python", plain)):
        print(f"{name}: median {median(took):.2f} ms, {median(took) / median(ours):.0f} times that")


def _in_process(columns: Columns, asks: Asks) -> tuple[list[float], list[float], list[float]]:
    """Return all times, the processor's share of each, and of each household the one that nothing came between."""
    took: list[float] = []
    worked: list[float] = []
    for household, context in asks:
        for _ in range(_TURNS):
            began, at = time.perf_counter(), time.thread_time()
            rank(columns, household, context, POLICY, NOW)
            worked.append((time.thread_time() - at) * 1_000)
            took.append((time.perf_counter() - began) * 1_000)
    return took, worked, [min(took[at : at + _TURNS]) for at in range(0, len(took), _TURNS)]


def _in_plain_python(estate: Estate, columns: Columns, asks: Asks) -> list[float]:
    shelters = [msgspec.json.decode(msgspec.json.encode(one)) for one in estate[0]]
    shown = [msgspec.json.decode(project("unit", msgspec.json.encode(one), Audience()) or b"") for one in estate[1]]
    states, took = {unit["id"]: unit for unit in shown}, []
    for household, context in asks:
        began = time.perf_counter()
        verdicts = naive_verdicts(shelters, states, Question(household, context, POLICY, NOW, POINTS))
        best = [one.unit for one in best_first(verdicts)[:50]]
        near_first(verdicts)
        took.append((time.perf_counter() - began) * 1_000)
        assert best == [str(one.unit) for one in rank(columns, household, context, POLICY, NOW).suggestions]
    return took


async def _in_sql(database_url: str, columns: Columns, asks: Asks) -> list[float]:
    connection = await asyncpg.connect(database_url)
    took = []
    try:
        await fill(connection, columns)
        for household, context in asks:
            prepared = await connection.prepare(statement(household, POLICY.weights))
            values = arguments(columns, household, context, POLICY.weights, NOW)
            rows: list[Any] = await prepared.fetch(*values)
            ranking = rank(columns, household, context, POLICY, NOW)
            assert [(row["id"], row["score"]) for row in rows if row["blockers"] is None] == [
                (one.unit, one.score) for one in ranking.suggestions
            ]
            assert [row["id"] for row in rows if row["blockers"]] == [one.unit for one in ranking.near_misses()]
            for _ in range(3):
                began = time.perf_counter()
                await prepared.fetch(*values)
                took.append((time.perf_counter() - began) * 1_000)
    finally:
        await connection.close()
    return took


async def test_the_route_in_quiet_and_among_reports() -> None:
    async with installed() as installation:
        await _enlarge(installation, random_estate(Chance(3), 1_360, 7))
        request_ids = [await _ask(installation, size) for size in (1, 2, 4)]
        node = installation.nodes[0]
        headers = installation.estate.headers(node.address, "desk")
        async with httpx.AsyncClient(base_url=f"{node.address}/api/v1", headers=headers, verify=NO_TLS) as client:
            before, quiet, after = _worked_s(node), await _read(client, request_ids), _worked_s(node)
            async with asyncio.TaskGroup() as group:
                reports = group.create_task(_report(installation, _REPORTS_PER_S))
                busy = await _read(client, request_ids)
    print(f"\n5,000 units, client, node, Postgres and Valkey on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"processor time of the node, a suggestion, in quiet: {(after - before) * 1_000 / len(quiet):.1f} ms")
    for beside, took in ((0.0, quiet), (reports.result() / _ASKED_S, busy)):
        print(
            f"{len(took)} suggestions among {beside:.0f} reports/s: median {median(took):.1f} ms, "
            f"95 % {percentile(took, 0.95):.1f} ms, 99 % {percentile(took, 0.99):.1f} ms"
        )


def _worked_s(node: Server) -> float:
    """Return the processor time that a node has used: what else the machine does is no part of it."""
    assert node.process is not None
    times = psutil.Process(node.process.pid).cpu_times()
    return times.user + times.system


async def _enlarge(installation: Installation, estate: Estate) -> None:
    """Journal the states of a large region as a lane would, and nothing behind them; wait until the node has them."""
    subjects = [*(subject(one, 0) for one in estate[0]), *(subject(one, 0) for one in estate[1])]
    connection = await asyncpg.connect(installation.settings.database_url)
    try:
        for at in range(0, len(subjects), 500):
            await connection.execute("BEGIN")
            entries = [Entry(one.kind, one.id, one.body, ()) for one in subjects[at : at + 500]]
            await write_and_commit(connection, installation.estate.region_id, entries, datetime.now(UTC))
    finally:
        await connection.close()
    engine = open_engine(installation.settings, "a bench")
    await put_map(engine, installation.estate.region_id, MAP, new_id())
    await engine.dispose()
    node = installation.nodes[0]
    headers = installation.estate.headers(node.address, "desk")
    async with httpx.AsyncClient(
        base_url=f"{node.address}/api/v1", headers=headers, verify=NO_TLS, timeout=30
    ) as client:
        for _ in range(60):
            if len((await client.get("/board")).json()["units"]) >= len(estate[1]):
                return
            await asyncio.sleep(0.5)
    raise TimeoutError("the node has not caught up")


async def _ask(installation: Installation, size: int) -> str:
    node = installation.nodes[0]
    man = {"age": "26-59", "gender": "man"}
    party = [man | {"relation": "self"}, *[man | {"relation": "friend"}] * (size - 1)]
    headers = installation.estate.headers(node.address, "desk")
    async with httpx.AsyncClient(base_url=f"{node.address}/api/v1", headers=headers, verify=NO_TLS) as client:
        body = {"id": str(new_id()), "regime": "night", "channel": "phone", "party": party, "needs": {"near": "21004"}}
        answer = await client.post("/requests", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request"]["id"])


async def _report(installation: Installation, per_s: int) -> int:
    """Report at a steady pace, whatever the answers take; return how many were acknowledged."""
    estate, node, chance, sent = installation.estate, installation.nodes[0], Chance(5), []
    shelter = estate.shelters[0]
    limits = httpx.Limits(max_connections=32)
    async with httpx.AsyncClient(
        base_url=f"{node.address}/api/v1", headers=estate.key_headers(shelter), verify=NO_TLS, limits=limits, timeout=30
    ) as client:
        until = time.monotonic() + _ASKED_S
        while (now := time.monotonic()) < until:
            line = {"unit": str(chance.choice(estate.units[shelter])), "free": chance.randint(0, 20)}
            body = {"shelter": str(shelter), "units": [line]}
            sent.append(asyncio.create_task(client.put(f"/reports/{new_id()}", json=body)))
            await asyncio.sleep(max(0.0, now + 1 / per_s - time.monotonic()))
        answers = await asyncio.gather(*sent)
    return sum(answer.status_code == 200 for answer in answers)


async def _read(client: httpx.AsyncClient, request_ids: list[str]) -> list[float]:
    took, until = [], time.monotonic() + _ASKED_S
    while time.monotonic() < until:
        for request_id in request_ids:
            began = time.perf_counter()
            answer = await client.get(f"/requests/{request_id}/suggestions")
            took.append((time.perf_counter() - began) * 1_000)
            assert answer.status_code == 200, answer.text
            await asyncio.sleep(0.03)
    return took
