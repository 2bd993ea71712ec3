"""Rations hold under concurrency, over several nodes, and without Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from kernel.access.rationing import Ration, Rationing
from kernel.access.signing_in import ADDRESS_RATION, LOGIN_RATION
from tests.integration.kernel.access.conftest import PASSWORD, AddAccount, MakeNode, Node, at_real_cost, slug_of

FEW = Ration("few", burst=10, every_ms=60_000)
MANY = Ration("many", burst=25, every_ms=60_000)
# Slow enough that a busy machine gets both tries done long before one grows back.
QUICK = Ration("quick", burst=2, every_ms=1_500)
SESSIONS = "/api/v1/sessions"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url, protocol=3)
    yield client
    await client.aclose()


def rationing(redis: Redis | None, timeout_s: float = 5.0) -> Rationing:
    """Patient unless told otherwise: a node that times out counts for itself, which is another test."""
    return Rationing(redis, b"k" * 32, timeout_s)


async def _never_answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def test_exactly_the_burst_passes_however_many_ask_at_once(redis: Redis) -> None:
    nodes = [rationing(redis) for _ in range(4)]
    waits = await asyncio.gather(*(nodes[i % 4].take([(FEW, "nadia")]) for i in range(200)))
    assert waits.count(0) == FEW.burst
    assert all(0 < wait <= FEW.every_ms for wait in waits if wait)


async def test_a_try_is_taken_from_all_rations_or_from_none(redis: Redis) -> None:
    ration = rationing(redis)
    for _ in range(FEW.burst):
        assert await ration.take([(FEW, "nadia"), (MANY, "address")]) == 0
    for _ in range(30):
        assert await ration.take([(FEW, "nadia"), (MANY, "address")]) > 0
    left = [await ration.take([(MANY, "address")]) for _ in range(MANY.burst)]
    assert left.count(0) == MANY.burst - FEW.burst


@pytest.mark.parametrize("with_redis", [True, False])
async def test_what_was_used_grows_back(redis: Redis, *, with_redis: bool) -> None:
    ration = rationing(redis if with_redis else None)
    began = time.monotonic()
    assert [await ration.take([(QUICK, "x")]) for _ in range(2)] == [0, 0]
    wait_ms = await ration.take([(QUICK, "x")])
    passed_ms = (time.monotonic() - began) * 1_000
    assert QUICK.every_ms - passed_ms - 1 <= wait_ms <= QUICK.every_ms + 1
    waits = [wait_ms]
    while waits[-1]:
        await asyncio.sleep(waits[-1] / 1_000)
        waits.append(await ration.take([(QUICK, "x")]))
    # Redis heard of the tries a little later than the node, and may ask for that little once more.
    assert sum(waits[1:]) <= passed_ms + len(waits)
    assert await ration.take([(QUICK, "x")]) > 0


async def test_redis_keeps_nothing_longer_than_it_matters_and_no_login(redis: Redis) -> None:
    ration = rationing(redis)
    await ration.take([(QUICK, "nadia")])
    (key,) = await redis.keys("*")
    assert b"nadia" not in key
    assert await redis.pttl(key) <= QUICK.every_ms
    await ration.forgive(QUICK, "nadia")
    assert await redis.keys("*") == []


async def test_a_redis_clock_that_jumped_back_locks_nobody_out(redis: Redis) -> None:
    ration = rationing(redis)
    await ration.take([(FEW, "nadia")])
    (key,) = await redis.keys("*")
    await redis.set(key, str(int(time.time() * 1_000) + 86_400_000))
    assert 0 < await ration.take([(FEW, "nadia")]) <= FEW.every_ms


async def test_without_redis_each_node_counts_for_itself() -> None:
    ration = rationing(None)
    waits = await asyncio.gather(*(ration.take([(FEW, "nadia")]) for _ in range(100)))
    assert waits.count(0) == FEW.burst
    assert await ration.take([(FEW, "somebody else")]) == 0


async def test_a_dead_or_silent_redis_is_replaced_within_the_bound() -> None:
    silent = await asyncio.start_server(_never_answer, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    for url in ("redis://127.0.0.1:1", f"redis://127.0.0.1:{port}"):
        client = Redis.from_url(url, protocol=3)
        ration = rationing(client, 0.25)
        started = time.monotonic()
        waits = [await ration.take([(QUICK, "x")]) for _ in range(3)]
        assert waits[:2] == [0, 0]
        assert time.monotonic() - started < 1.5
        await client.aclose()
    silent.close()


async def test_the_local_count_is_bounded() -> None:
    ration = rationing(None)
    for number in range(10_050):
        await ration.take([(FEW, str(number))])
    assert len(ration._local) == 10_000


@pytest.mark.parametrize("with_redis", [True, False])
async def test_guessing_at_a_login_stops_and_the_right_password_is_refused_too(
    make_node: MakeNode, add_account: AddAccount, *, with_redis: bool
) -> None:
    await add_account("nadia")
    node = await make_node(with_redis=with_redis)
    guesses = [node.client().post(SESSIONS, json={"login": "nadia", "password": f"guess {n}"}) for n in range(25)]
    answers = await asyncio.gather(*guesses)
    slugs = [slug_of(answer) for answer in answers]
    assert slugs.count("login-failed") == LOGIN_RATION.burst
    assert slugs.count("too-many-attempts") == 25 - LOGIN_RATION.burst
    refused = await node.client().post(SESSIONS, json={"login": "NADIA ", "password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 30


async def test_a_good_sign_in_gives_the_attempts_back(node: Node, add_account: AddAccount) -> None:
    await add_account("nadia")
    client = node.client()
    for _ in range(3):
        for n in range(LOGIN_RATION.burst - 1):
            answer = await client.post(SESSIONS, json={"login": "nadia", "password": f"guess {n}"})
            assert slug_of(answer) == "login-failed"
        await node.sign_in("nadia")


@at_real_cost
async def test_one_address_cannot_try_all_logins(make_node: MakeNode) -> None:
    node = await make_node()
    began = time.monotonic()
    tries = [
        node.client().post(SESSIONS, json={"login": f"login-{n}", "password": "x"})
        for n in range(ADDRESS_RATION.burst + 40)
    ]
    slugs = [slug_of(answer) for answer in await asyncio.gather(*tries)]
    grown_back = (time.monotonic() - began) * 1_000 / ADDRESS_RATION.every_ms
    passed = len(slugs) - slugs.count("too-many-attempts")
    assert ADDRESS_RATION.burst <= passed <= ADDRESS_RATION.burst + 1 + grown_back
    assert set(slugs) == {"too-many-attempts", "login-failed", "busy"}
