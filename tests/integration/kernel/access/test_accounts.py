"""Accounts: kept by administrators of the same region, and a region never loses its last one."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from kernel.access.model import ACCOUNT_ROLES, Role
from kernel.ids import new_id
from kernel.postgres import Pool
from tests.integration.kernel.access.conftest import PASSWORD, SHELTER, AddAccount, Node, slug_of

ACCOUNTS = "/api/v1/accounts"
NEW_PASSWORD = "quatre lampes et un cactus"


async def _other_region(pool: Pool) -> UUID:
    region_id = new_id()
    await pool.execute(
        "INSERT INTO region (id, slug, name, timezone, epoch) VALUES ($1, 'wallonia', 'Wallonia', $2, $1)",
        region_id,
        "Europe/Brussels",
    )
    return region_id


async def test_an_administrator_adds_lists_and_changes_accounts(
    node: Node, add_account: AddAccount, pool: Pool
) -> None:
    admin = await add_account("boss", Role.ADMINISTRATOR, shelters=set())
    boss = await node.sign_in("boss")
    body = {"login": "Nadia", "password": PASSWORD, "role": "staff", "language": "nl", "shelters": [str(SHELTER)]}
    made = await boss.post(ACCOUNTS, json=body)
    assert made.status_code == 201
    assert made.json()["login"] == "nadia"
    assert PASSWORD not in made.text
    assert "argon2" not in made.text
    nadia = await node.sign_in("nadia")
    other = str(UUID(int=88))
    changed = await boss.patch(f"{ACCOUNTS}/{made.json()['id']}", json={"shelters": [other], "language": "fr"})
    assert (changed.json()["shelters"], changed.json()["language"]) == ([other], "fr")
    assert (await nadia.get("/api/v1/sessions/current")).json()["shelters"] == [other]
    listed = (await boss.get(ACCOUNTS)).json()["accounts"]
    assert [account["login"] for account in listed] == ["boss", "nadia"]
    page = (await boss.get(ACCOUNTS, params={"after": "boss", "limit": 1})).json()["accounts"]
    assert [account["login"] for account in page] == ["nadia"]
    writers = "SELECT actor_id FROM account WHERE login = 'nadia' UNION ALL SELECT actor_id FROM account_shelter"
    assert {row["actor_id"] for row in await pool.fetch(writers)} == {admin.id}


@pytest.mark.parametrize("role", [role for role in ACCOUNT_ROLES if role is not Role.ADMINISTRATOR])
async def test_nobody_else_keeps_accounts_or_keys(node: Node, add_account: AddAccount, role: Role) -> None:
    account = await add_account("nadia", role)
    client = await node.sign_in("nadia")
    for path in (ACCOUNTS, "/api/v1/keys"):
        assert slug_of(await client.get(path)) == "forbidden"
        assert slug_of(await client.post(path, json={})) == "forbidden"
        assert slug_of(await node.client().get(path)) == "login-required"
    assert slug_of(await client.patch(f"{ACCOUNTS}/{account.id}", json={"role": "administrator"})) == "forbidden"


@pytest.mark.parametrize("change", [{"password": NEW_PASSWORD}, {"role": "desk"}, {"disabled": True}])
async def test_what_takes_rights_away_ends_the_sessions(
    node: Node, add_account: AddAccount, change: dict[str, object]
) -> None:
    account = await add_account("nadia")
    await add_account("boss", Role.ADMINISTRATOR)
    boss, nadia = await node.sign_in("boss"), await node.sign_in("nadia")
    assert (await boss.patch(f"{ACCOUNTS}/{account.id}", json=change)).status_code == 200
    assert slug_of(await nadia.get("/api/v1/sessions/current")) == "session-ended"


async def test_a_new_password_replaces_the_old_one_and_disabling_can_be_undone(
    node: Node, add_account: AddAccount
) -> None:
    account = await add_account("nadia")
    await add_account("boss", Role.ADMINISTRATOR)
    boss, path = await node.sign_in("boss"), f"{ACCOUNTS}/{account.id}"
    assert (await boss.patch(path, json={"password": NEW_PASSWORD})).status_code == 200
    old = await node.client().post("/api/v1/sessions", json={"login": "nadia", "password": PASSWORD})
    assert slug_of(old) == "login-failed"
    await node.sign_in("nadia", NEW_PASSWORD)
    assert (await boss.patch(path, json={"disabled": True})).json()["disabled_at"] is not None
    gone = await node.client().post("/api/v1/sessions", json={"login": "nadia", "password": NEW_PASSWORD})
    assert slug_of(gone) == "login-failed"
    assert (await boss.patch(path, json={"disabled": False})).json()["disabled_at"] is None
    await node.sign_in("nadia", NEW_PASSWORD)


async def test_a_password_changed_during_a_sign_in_does_not_let_the_old_one_slip_in(
    node: Node, add_account: AddAccount, pool: Pool
) -> None:
    """The account is locked as it was checked, before the session is written."""
    account = await add_account("nadia")
    await add_account("boss", Role.ADMINISTRATOR)
    boss = await node.sign_in("boss")
    before = await pool.fetchval("SELECT count(*) FROM session")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE account SET disabled_at = clock_timestamp() WHERE id = $1", account.id)
        entering = asyncio.create_task(
            node.client().post("/api/v1/sessions", json={"login": "nadia", "password": PASSWORD})
        )
        await asyncio.sleep(0.5)
        assert not entering.done()
    assert slug_of(await entering) == "login-failed"
    assert await pool.fetchval("SELECT count(*) FROM session") == before
    assert (await boss.get(ACCOUNTS)).status_code == 200


async def test_logins_are_taken_once_in_whatever_case(node: Node, add_account: AddAccount) -> None:
    await add_account("boss", Role.ADMINISTRATOR)
    boss = await node.sign_in("boss")
    body = {"login": "Nadia", "password": PASSWORD, "role": "staff"}
    answers = await asyncio.gather(
        *(boss.post(ACCOUNTS, json=body | {"login": n}) for n in ("Nadia", "nadia", "NADIA"))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {slug_of(a) for a in answers if a.status_code == 409} == {"login-taken"}


@pytest.mark.parametrize(
    "change,status",
    [
        ({"login": "é"}, 422),
        ({"login": "a b"}, 422),
        ({"login": "x"}, 422),
        ({"login": "na\u0000dia"}, 422),
        ({"password": "short"}, 422),
        ({"password": "nadia-nadia"}, 422),
        ({"role": "machine"}, 400),
        ({"role": "public"}, 400),
        ({"language": "de"}, 400),
        ({"id": str(UUID(int=1))}, 400),
    ],
)
async def test_accounts_that_make_no_sense_are_not_added(
    node: Node, add_account: AddAccount, pool: Pool, change: dict[str, object], status: int
) -> None:
    await add_account("boss", Role.ADMINISTRATOR)
    body = {"login": "nadia", "password": PASSWORD, "role": "staff"} | change
    answer = await (await node.sign_in("boss")).post(ACCOUNTS, json=body)
    assert answer.status_code == status
    assert PASSWORD not in answer.text
    assert await pool.fetchval("SELECT count(*) FROM account") == 1


async def test_the_last_administrator_stays(node: Node, add_account: AddAccount) -> None:
    admin = await add_account("boss", Role.ADMINISTRATOR)
    boss = await node.sign_in("boss")
    for change in ({"disabled": True}, {"role": "desk"}):
        answer = await boss.patch(f"{ACCOUNTS}/{admin.id}", json=change)
        assert (answer.status_code, slug_of(answer)) == (409, "last-administrator")


async def test_two_administrators_who_disable_each_other_at_once_do_not_both_succeed(
    node: Node, add_account: AddAccount, pool: Pool
) -> None:
    one, two = await add_account("one", Role.ADMINISTRATOR), await add_account("two", Role.ADMINISTRATOR)
    first, second = await node.sign_in("one"), await node.sign_in("two")
    answers = await asyncio.gather(
        first.patch(f"{ACCOUNTS}/{two.id}", json={"disabled": True}),
        second.patch(f"{ACCOUNTS}/{one.id}", json={"disabled": True}),
    )
    assert 200 in {answer.status_code for answer in answers}
    assert await pool.fetchval("SELECT count(*) FROM account WHERE disabled_at IS NULL") == 1


async def test_another_regions_accounts_are_not_to_be_seen(node: Node, add_account: AddAccount, pool: Pool) -> None:
    elsewhere = await _other_region(pool)
    await add_account("boss", Role.ADMINISTRATOR)
    theirs = await add_account("theirs", Role.ADMINISTRATOR, region_id=elsewhere)
    boss = await node.sign_in("boss")
    assert [a["login"] for a in (await boss.get(ACCOUNTS)).json()["accounts"]] == ["boss"]
    for account_id in (str(theirs.id), str(new_id()), "not-an-id"):
        answer = await boss.patch(f"{ACCOUNTS}/{account_id}", json={"password": NEW_PASSWORD})
        assert (answer.status_code, slug_of(answer)) == (404, "not-found")
    await node.sign_in("theirs")
