"""Machine keys: named verbs, two live secrets for rotation and never three, revoked within 2 s."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from kernel.access import keeping_keys
from kernel.access.model import COMMAND_LINE, Role, Verb
from kernel.ids import new_id
from kernel.postgres import Pool
from kernel.settings import Settings
from tests.integration.kernel.access.conftest import SHELTER, AddAccount, AddKey, MakeNode, Node, slug_of


async def _works(node: Node, secret: str) -> bool:
    answer = await node.with_key(secret).get("/board")
    assert answer.status_code == 200 or (answer.status_code, slug_of(answer)) == (401, "key-refused")
    return answer.status_code == 200


async def test_a_key_tells_who_it_is(node: Node, add_key: AddKey, region_id: UUID) -> None:
    key, secret = await add_key(Verb.READ, Verb.REPORT)
    assert (await node.with_key(secret).get("/board")).json() == {
        "kind": "key",
        "id": str(key.id),
        "region": str(region_id),
        "role": "machine",
        "shelters": [str(SHELTER)],
        "verbs": ["read", "report"],
        "language": "en",
    }
    principal = await node.principal_of(node.with_key(secret))
    assert (principal.basis, principal.settle_lag_s) == ("net", 90)


async def test_a_key_does_what_its_verbs_say_and_no_more(node: Node, add_key: AddKey) -> None:
    _, reporter = await add_key(Verb.REPORT)
    _, reader = await add_key(Verb.READ)
    assert (await node.with_key(reporter).post("/report")).status_code == 201
    assert (await node.with_key(reader).get("/board")).status_code == 200
    refused = await node.with_key(reader).post("/report")
    assert (refused.status_code, slug_of(refused), refused.json()["verb"]) == (403, "verb-missing", "report")
    assert slug_of(await node.with_key(reporter).get("/board")) == "verb-missing"


async def test_no_key_may_keep_accounts_or_keys(node: Node, add_key: AddKey) -> None:
    _, secret = await add_key(*Verb)
    client = node.with_key(secret)
    for path in ("/api/v1/keys", "/api/v1/accounts", "/api/v1/sessions/current"):
        assert slug_of(await client.get(path)) == "forbidden"


async def test_a_key_needs_no_origin_and_wins_over_a_cookie(
    node: Node, add_account: AddAccount, add_key: AddKey
) -> None:
    await add_account("nadia", Role.SUPERVISOR)
    _, secret = await add_key(Verb.REPORT)
    client = await node.sign_in("nadia")
    assert slug_of(await client.post("/report")) == "forbidden"
    del client.headers["origin"]
    client.headers["authorization"] = f"Bearer {secret}"
    assert (await client.post("/report")).json()["kind"] == "key"
    client.headers["authorization"] = "Bearer nonsense"
    assert slug_of(await client.post("/report")) == "key-refused"


async def test_only_an_hmac_is_stored_and_only_under_our_secret_does_it_match(
    node: Node, add_key: AddKey, pool: Pool, make_node: MakeNode, settings: Settings
) -> None:
    _, secret = await add_key(Verb.READ)
    row = await pool.fetchrow("SELECT * FROM machine_key_secret JOIN machine_key ON key_id = machine_key.id")
    assert row is not None
    assert len(row["secret_hmac"]) == 32
    assert secret.split(".")[1] not in str(dict(row))
    assert await _works(node, secret)
    other = await make_node(replace(settings, secret_key="the secret of another installation"))
    assert not await _works(other, secret)


async def test_made_up_keys_are_refused(node: Node, add_key: AddKey) -> None:
    key, secret = await add_key(Verb.READ)
    assert not await _works(node, f"{key.id}.{'A' * 43}")
    assert not await _works(node, f"{new_id()}.{secret.split('.')[1]}")
    assert await _works(node, secret)


async def test_a_key_in_the_address_is_not_looked_at(node: Node, add_key: AddKey) -> None:
    _, secret = await add_key(Verb.REPORT)
    client = node.client()
    answer = await client.post("/report", params={"authorization": f"Bearer {secret}", "key": secret})
    assert slug_of(answer) == "login-required"


async def test_rotation_leaves_two_live_and_drops_the_oldest(node: Node, add_key: AddKey, region_id: UUID) -> None:
    key, first = await add_key(Verb.READ)

    async def rotate(*, end_old: bool = False) -> str:
        rotated, secret = await keeping_keys.rotate_key(
            node.access.engine, node.access.key_secrets, region_id, key.id, end_old=end_old, actor_id=COMMAND_LINE
        )
        node.access.forget()
        assert len(rotated.secrets) == (1 if end_old else 2)
        return secret

    second = await rotate()
    assert [await _works(node, secret) for secret in (first, second)] == [True, True]
    third = await rotate()
    assert [await _works(node, secret) for secret in (first, second, third)] == [False, True, True]
    fourth = await rotate(end_old=True)
    assert [await _works(node, secret) for secret in (second, third, fourth)] == [False, False, True]


async def test_rotations_at_once_never_leave_a_third_secret(
    node: Node, add_key: AddKey, region_id: UUID, pool: Pool
) -> None:
    key, _ = await add_key(Verb.READ)
    made = await asyncio.gather(
        *(
            keeping_keys.rotate_key(
                node.access.engine, node.access.key_secrets, region_id, key.id, end_old=False, actor_id=COMMAND_LINE
            )
            for _ in range(8)
        )
    )
    node.access.forget()
    assert sum([await _works(node, secret) for _, secret in made]) == 2
    live = "SELECT slot FROM machine_key_secret WHERE key_id = $1 AND revoked_at IS NULL ORDER BY slot"
    assert [row["slot"] for row in await pool.fetch(live, key.id)] == [1, 2]
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute(
            "INSERT INTO machine_key_secret (id, key_id, slot, secret_hmac, actor_id) "
            "VALUES ($1, $2, 1, decode(repeat('00', 32), 'hex'), $1)",
            new_id(),
            key.id,
        )


async def test_a_revoked_key_is_refused_here_at_once_and_elsewhere_within_two_seconds(
    node: Node, make_node: MakeNode, add_account: AddAccount, add_key: AddKey
) -> None:
    key, secret = await add_key(Verb.READ)
    await add_account("boss", Role.ADMINISTRATOR)
    boss, other = await node.sign_in("boss"), await make_node()
    assert await _works(node, secret)
    assert await _works(other, secret)
    started = time.monotonic()
    assert (await boss.delete(f"/api/v1/keys/{key.id}")).status_code == 204
    assert not await _works(node, secret)
    while await _works(other, secret):
        assert time.monotonic() - started < 2
    assert slug_of(await boss.delete(f"/api/v1/keys/{key.id}")) == "not-found"
    assert slug_of(await boss.post(f"/api/v1/keys/{key.id}/rotate")) == "not-found"


async def test_a_socket_opened_with_a_replaced_secret_does_not_outlive_it(
    node: Node, add_key: AddKey, region_id: UUID
) -> None:
    key, secret = await add_key(Verb.READ)
    principal = await node.principal_of(node.with_key(secret))
    assert await node.access.still_valid([principal]) == {principal}
    await keeping_keys.rotate_key(
        node.access.engine, node.access.key_secrets, region_id, key.id, end_old=True, actor_id=COMMAND_LINE
    )
    assert await node.access.still_valid([principal]) == set()


async def test_an_administrator_makes_lists_and_rotates_keys(node: Node, add_account: AddAccount, pool: Pool) -> None:
    admin = await add_account("boss", Role.ADMINISTRATOR)
    boss = await node.sign_in("boss")
    body = {"name": "Maison d'ici", "verbs": ["report", "read"], "basis": "net", "settle_lag_s": 60}
    made = await boss.post("/api/v1/keys", json=body | {"shelters": [str(SHELTER)]})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    key_id, secret = made.json()["key"]["id"], made.json()["secret"]
    assert await _works(node, secret)
    rotated = await boss.post(f"/api/v1/keys/{key_id}/rotate")
    assert len(rotated.json()["key"]["secrets"]) == 2
    ended = await boss.post(f"/api/v1/keys/{key_id}/rotate", json={"old": "end"})
    assert len(ended.json()["key"]["secrets"]) == 1
    assert not await _works(node, secret)
    listed = await boss.get("/api/v1/keys")
    assert [key["name"] for key in listed.json()["keys"]] == ["Maison d'ici"]
    assert 'secret"' not in listed.text
    assert {row["actor_id"] for row in await pool.fetch("SELECT actor_id FROM machine_key_secret")} == {admin.id}


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "verbs": ["read"]},
        {"name": "x", "verbs": []},
        {"name": "x", "verbs": ["fly"]},
        {"name": "x", "verbs": ["read"], "basis": "guess"},
        {"name": "x", "verbs": ["read"], "settle_lag_s": -1},
        {"name": "x", "verbs": ["read"], "settle_lag_s": 86_401},
        {"name": "x", "verbs": ["read"], "shelters": ["nowhere"]},
        {"name": "x", "verbs": ["read"], "secret": "mine"},
        {"name": "a\u0000b", "verbs": ["read"]},
        {"name": "  ", "verbs": ["read"]},
    ],
)
async def test_a_key_that_makes_no_sense_is_not_made(
    node: Node, add_account: AddAccount, pool: Pool, body: dict[str, object]
) -> None:
    await add_account("boss", Role.ADMINISTRATOR)
    answer = await (await node.sign_in("boss")).post("/api/v1/keys", json=body)
    assert answer.status_code in {400, 422}
    assert await pool.fetchval("SELECT count(*) FROM machine_key") == 0
