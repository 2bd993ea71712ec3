"""Sessions: our own tokens only, rotated at sign-in, ended by the database's real clock, revoked within 2 s."""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import time
from dataclasses import replace
from http.cookies import SimpleCookie
from uuid import UUID

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import event

from kernel.access.model import COMMAND_LINE, Role
from kernel.access.passwords import HASHER
from kernel.access.problems import COOKIE
from kernel.access.signing_in import LOGIN_RATION
from kernel.postgres import Pool
from kernel.settings import Settings
from tests.integration.kernel.access.conftest import (
    PASSWORD,
    SHELTER,
    AddAccount,
    MakeNode,
    Node,
    at_real_cost,
    slug_of,
    token_of,
)

CURRENT = "/api/v1/sessions/current"
SESSIONS = "/api/v1/sessions"


async def test_signing_in_tells_who_one_is(node: Node, add_account: AddAccount, region_id: UUID) -> None:
    account = await add_account("nadia", Role.STAFF, language="nl")
    client = await node.sign_in("  Nadia ")
    assert (await client.get(CURRENT)).json() == {
        "kind": "account",
        "id": str(account.id),
        "region": str(region_id),
        "role": "staff",
        "shelters": [str(SHELTER)],
        "verbs": [],
        "language": "nl",
    }


@pytest.mark.parametrize(
    "role,max_age",
    [(Role.STAFF, "86400"), (Role.SUPERVISOR, "86400"), (Role.DESK, ""), (Role.ADMINISTRATOR, "")],
)
async def test_the_cookie_has_every_attribute_it_needs(
    node: Node, add_account: AddAccount, role: Role, max_age: str
) -> None:
    await add_account("nadia", role)
    answer = await node.client().post(SESSIONS, json={"login": "nadia", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert COOKIE == "__Host-halte"
    assert (cookie["path"], cookie["domain"], cookie["samesite"].lower()) == ("/", "", "lax")
    assert cookie["secure"] is True
    assert cookie["httponly"] is True
    assert cookie["max-age"] == max_age
    assert len(cookie.value) == 43


async def test_postgres_knows_the_digest_and_never_the_token(node: Node, add_account: AddAccount, pool: Pool) -> None:
    account = await add_account("nadia")
    client = await node.sign_in("nadia")
    row = await pool.fetchrow("SELECT * FROM session")
    assert row is not None
    assert row["token_sha256"] == hashlib.sha256(token_of(client).encode()).digest()
    assert row["actor_id"] == row["account_id"] == account.id
    assert token_of(client) not in str(dict(row))


@pytest.mark.parametrize("planted", ["A" * 43, "", "x", "' OR 1=1 --"])
async def test_a_planted_id_is_never_adopted(node: Node, add_account: AddAccount, pool: Pool, planted: str) -> None:
    await add_account("nadia")
    client = node.client(cookie=f"{COOKIE}={planted}")
    assert slug_of(await client.get(CURRENT)) == "session-ended"
    answer = await client.post(SESSIONS, json={"login": "nadia", "password": PASSWORD})
    assert answer.status_code == 201
    assert SimpleCookie(answer.headers["set-cookie"])[COOKIE].value != planted
    known = await pool.fetch("SELECT token_sha256 FROM session")
    assert hashlib.sha256(planted.encode()).digest() not in {row["token_sha256"] for row in known}
    assert (await node.client(cookie=f"{COOKIE}={planted}").get(CURRENT)).status_code == 401


async def test_signing_in_again_rotates_and_ends_the_former_session(node: Node, add_account: AddAccount) -> None:
    await add_account("nadia")
    client = await node.sign_in("nadia")
    former = token_of(client)
    await client.post(SESSIONS, json={"login": "nadia", "password": PASSWORD})
    assert token_of(client) != former
    assert (await client.get(CURRENT)).status_code == 200
    assert slug_of(await node.client(cookie=f"{COOKIE}={former}").get(CURRENT)) == "session-ended"


async def test_signing_out_ends_the_session_and_the_cookie(node: Node, add_account: AddAccount, pool: Pool) -> None:
    await add_account("nadia")
    client = await node.sign_in("nadia")
    token = token_of(client)
    answer = await client.delete(CURRENT)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert not client.cookies
    assert slug_of(await node.client(cookie=f"{COOKIE}={token}").get(CURRENT)) == "session-ended"
    assert await pool.fetchval("SELECT count(*) FROM session") == 0


async def test_a_dead_cookie_is_deleted_so_that_the_public_board_opens_again(node: Node) -> None:
    client = node.client()
    client.cookies.set(COOKIE, "A" * 43, domain="halte.test", path="/")
    answer = await client.get("/board")
    assert (answer.status_code, slug_of(answer)) == (401, "session-ended")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await client.get("/board")).json()["role"] == "public"


async def _ends(client: httpx.AsyncClient, node: Node) -> bool:
    node.access.forget()
    answer = await client.get(CURRENT)
    return answer.status_code == 401 and slug_of(answer) == "session-ended"


@pytest.mark.parametrize("role,idle_s", [(Role.STAFF, 43_200), (Role.DESK, 1_800), (Role.SUPERVISOR, 43_200)])
async def test_idle_sessions_end_by_the_databases_clock(
    node: Node, add_account: AddAccount, pool: Pool, role: Role, idle_s: int
) -> None:
    await add_account("nadia", role)
    client = await node.sign_in("nadia")
    age = "UPDATE session SET last_seen_at = clock_timestamp() - $1 * interval '1 second'"
    await pool.execute(age, float(idle_s - 5))
    assert not await _ends(client, node)
    await pool.execute(age, float(idle_s + 1))
    assert await _ends(client, node)


async def test_using_a_session_keeps_it_alive_but_not_beyond_its_end(
    node: Node, add_account: AddAccount, pool: Pool
) -> None:
    await add_account("nadia", Role.DESK)
    client = await node.sign_in("nadia")
    lasts = await pool.fetchval("SELECT expires_at - created_at FROM session")
    assert lasts.total_seconds() == pytest.approx(86_400, abs=2)
    await pool.execute("UPDATE session SET last_seen_at = clock_timestamp() - interval '20 minutes'")
    assert not await _ends(client, node)
    assert await pool.fetchval("SELECT clock_timestamp() - last_seen_at < interval '5 seconds' FROM session")
    await pool.execute("UPDATE session SET expires_at = clock_timestamp() - interval '1 millisecond'")
    assert await _ends(client, node)


async def test_an_idle_session_really_ends_while_the_cookie_is_fresh(
    make_node: MakeNode, settings: Settings, add_account: AddAccount
) -> None:
    await add_account("nadia", Role.DESK)
    quick = await make_node(replace(settings, desk_idle_s=1))
    client = await quick.sign_in("nadia")
    await asyncio.sleep(3)
    assert slug_of(await client.get(CURRENT)) == "session-ended"


async def test_a_jump_of_the_demo_clock_signs_nobody_out(node: Node, add_account: AddAccount, pool: Pool) -> None:
    await add_account("nadia", Role.DESK)
    client = await node.sign_in("nadia")
    await pool.execute(
        "INSERT INTO demo_clock (id, real_anchor, shown_anchor, speed) "
        "VALUES (1, clock_timestamp(), clock_timestamp() + interval '3 days', 60)"
    )
    assert not await _ends(client, node)


async def _seconds_until_refused(client: httpx.AsyncClient) -> float:
    started = time.monotonic()
    while (await client.get(CURRENT)).status_code == 200:
        assert time.monotonic() - started < 5
        await asyncio.sleep(0.02)
    return time.monotonic() - started


async def test_a_revocation_on_one_node_is_seen_by_another_within_two_seconds(
    make_node: MakeNode, node: Node, add_account: AddAccount
) -> None:
    await add_account("nadia")
    client = await node.sign_in("nadia")
    elsewhere = (await make_node()).client(cookie=f"{COOKIE}={token_of(client)}")
    assert (await elsewhere.get(CURRENT)).status_code == 200
    await client.delete(CURRENT)
    assert await _seconds_until_refused(elsewhere) < 2


async def test_a_disabled_account_is_refused_at_once_here_and_within_two_seconds_elsewhere(
    make_node: MakeNode, node: Node, add_account: AddAccount
) -> None:
    account = await add_account("nadia")
    await add_account("boss", Role.ADMINISTRATOR)
    boss, client = await node.sign_in("boss"), await node.sign_in("nadia")
    elsewhere = (await make_node()).client(cookie=f"{COOKIE}={token_of(client)}")
    assert (await elsewhere.get(CURRENT)).status_code == 200
    answer = await boss.patch(f"/api/v1/accounts/{account.id}", json={"disabled": True})
    assert answer.status_code == 200
    assert slug_of(await client.get(CURRENT)) == "session-ended"
    assert await _seconds_until_refused(elsewhere) < 2


async def test_the_sockets_learn_of_any_lost_right_in_one_query(
    node: Node, add_account: AddAccount, pool: Pool
) -> None:
    await add_account("staying", Role.DESK)
    for login in ("leaving", "losing-a-shelter", "losing-a-role"):
        await add_account(login)
    clients = [await node.sign_in(n) for n in ("staying", "leaving", "losing-a-shelter", "losing-a-role")]
    held = [await node.principal_of(client) for client in clients]
    public = await node.access.public(None, None)
    assert await node.access.still_valid([*held, public]) == {*held, public}
    await clients[1].delete(CURRENT)
    await pool.execute("DELETE FROM account_shelter WHERE account_id = $1", held[2].id)
    await pool.execute("UPDATE account SET role = 'desk', actor_id = $2 WHERE id = $1", held[3].id, COMMAND_LINE)
    assert await node.access.still_valid([*held, public]) == {held[0], public}


async def test_watching_a_screen_is_no_sign_of_life(node: Node, add_account: AddAccount, pool: Pool) -> None:
    await add_account("nadia", Role.DESK)
    client = await node.sign_in("nadia")
    principal = await node.principal_of(client)
    await pool.execute("UPDATE session SET last_seen_at = clock_timestamp() - interval '20 minutes'")
    assert await node.access.still_valid([principal]) == {principal}
    assert await pool.fetchval("SELECT clock_timestamp() - last_seen_at > interval '19 minutes' FROM session")


@at_real_cost
async def test_a_wrong_password_an_unknown_login_and_a_disabled_account_are_told_apart_by_nothing(
    node: Node, add_account: AddAccount, pool: Pool
) -> None:
    await add_account("nadia")
    await add_account("gone")
    await pool.execute("UPDATE account SET disabled_at = clock_timestamp() WHERE login = 'gone'")
    client = node.client()
    took: dict[str, list[float]] = {"nadia": [], "gone": [], "nobody": []}
    answers = set()
    for login in [*took] * LOGIN_RATION.burst:
        started = time.perf_counter()
        answer = await client.post(
            SESSIONS, json={"login": login, "password": "wrong" if login != "gone" else PASSWORD}
        )
        took[login].append(time.perf_counter() - started)
        answers.add((answer.status_code, answer.text, answer.headers.get("www-authenticate")))
    assert len(answers) == 1
    assert "login-failed" in answers.pop()[1]
    medians = {login: statistics.median(times) for login, times in took.items()}
    assert max(medians.values()) < 1.5 * min(medians.values()), medians
    assert min(medians.values()) > 0.02


async def test_what_is_no_sign_in_is_refused_before_any_work(node: Node) -> None:
    for body in ({"login": "nadia"}, {"login": "", "password": "x"}, {"login": "x", "password": "x" * 2_000}):
        assert (await node.client().post(SESSIONS, json=body)).status_code == 400
    foreign = node.client(origin="https://evil.example")
    answer = await foreign.post(SESSIONS, json={"login": "nadia", "password": PASSWORD})
    assert slug_of(answer) == "origin-refused"


async def test_logins_that_nobody_can_have_are_unknown_and_no_error(node: Node) -> None:
    for login in ("na\0dia", "é", "' OR 1=1 --", "x" * 64):
        answer = await node.client().post(SESSIONS, json={"login": login, "password": PASSWORD})
        assert (answer.status_code, slug_of(answer)) == (401, "login-failed")


@at_real_cost
async def test_a_hash_made_when_hashing_was_cheaper_is_renewed_at_sign_in(
    node: Node, add_account: AddAccount, pool: Pool
) -> None:
    await add_account("nadia")
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await pool.execute("UPDATE account SET password_hash = $1", cheap)
    client = await node.sign_in("nadia")
    assert not HASHER.check_needs_rehash(await pool.fetchval("SELECT password_hash FROM account"))
    assert (await client.get(CURRENT)).status_code == 200
    await node.sign_in("nadia")


async def test_sessions_past_their_end_are_swept(node: Node, add_account: AddAccount, pool: Pool) -> None:
    await add_account("nadia")
    for _ in range(3):
        await node.sign_in("nadia")
    await pool.execute("UPDATE session SET expires_at = clock_timestamp() - interval '1 second'")
    await node.sign_in("nadia")
    assert await pool.fetchval("SELECT count(*) FROM session") == 1


async def test_a_burst_of_requests_shares_its_queries(node: Node, add_account: AddAccount) -> None:
    await add_account("nadia")
    clients = [await node.sign_in("nadia") for _ in range(20)]
    node.access.forget()
    queries: list[str] = []
    event.listen(node.access.engine.sync_engine, "before_cursor_execute", lambda *args: queries.append(args[2]))
    answers = await asyncio.gather(*(clients[i % 20].get(CURRENT) for i in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len([query for query in queries if "token_sha256 = ANY" in query]) <= 3
