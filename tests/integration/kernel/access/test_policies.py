"""Deny by default on a running application: routes, websockets, foreign pages, the public."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from kernel.access.model import Role, Verb
from kernel.access.policies import routes_without_policy
from kernel.access.problems import COOKIE
from kernel.ids import new_id
from kernel.postgres import Pool
from tests.integration.kernel.access.conftest import (
    PASSWORD,
    AddAccount,
    AddKey,
    MakeNode,
    Node,
    serving,
    slug_of,
    token_of,
)


async def test_a_route_without_a_policy_is_refused_to_everybody_and_found(node: Node, add_account: AddAccount) -> None:
    await add_account("boss", Role.ADMINISTRATOR)
    for client in (node.client(), await node.sign_in("boss")):
        with capture_logs() as logs:
            answer = await client.get("/forgotten")
        assert (answer.status_code, slug_of(answer)) == (403, "forbidden")
        assert "nobody should read this" not in answer.text
        assert [entry["log_level"] for entry in logs] == ["error"]
    found = routes_without_policy(node.app)
    assert sorted(line.split()[0] for line in found) == ["/forgotten", "/forgotten-live"]


async def test_each_role_gets_what_the_policy_says(node: Node, add_account: AddAccount) -> None:
    expected = {Role.STAFF: 201, Role.DESK: 201, Role.SUPERVISOR: 403, Role.ADMINISTRATOR: 403}
    for role, status in expected.items():
        await add_account(role, role)
        client = await node.sign_in(role)
        assert (await client.post("/report")).status_code == status
        assert (await client.get("/board")).json()["role"] == role
    assert slug_of(await node.client().post("/report")) == "login-required"


async def test_an_open_route_asks_nobody_and_nothing(make_node: MakeNode) -> None:
    """Not even Postgres: a stale cookie or a dead database must not close the page one signs in on."""
    node = await make_node()
    await node.access.engine.dispose()
    for headers in ({}, {"cookie": f"{COOKIE}={'A' * 43}"}, {"authorization": "Bearer nonsense"}):
        answer = await node.client(accept_language="fr-BE", **headers).get("/open")
        assert (answer.status_code, answer.json()["role"], answer.json()["language"]) == (200, "public", "fr")


async def test_the_public_looks_at_the_only_region_or_names_one(node: Node, pool: Pool, region_id: UUID) -> None:
    client = node.client(accept_language="nl-BE, fr;q=0.8")
    alone = (await client.get("/board")).json()
    assert (alone["region"], alone["role"], alone["language"]) == (str(region_id), "public", "nl")
    other = new_id()
    insert = "INSERT INTO region (id, slug, name, timezone, epoch) VALUES ($1, 'wallonia', 'Wallonia', 'UTC', $1)"
    await pool.execute(insert, other)
    node.access._regions = ({}, 0.0)
    assert (await client.get("/board", params={"region": "wallonia"})).json()["region"] == str(other)
    assert (await client.get("/board", params={"region": str(region_id)})).json()["region"] == str(region_id)
    for params in ({}, {"region": "nowhere"}, {"region": "\0"}):
        answer = await client.get("/board", params=params)
        assert (answer.status_code, slug_of(answer), answer.json()["where"]) == (400, "invalid-parameter", "region")


async def test_options_names_the_methods_and_nothing_else(node: Node) -> None:
    answer = await node.client().options("/report")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "OPTIONS, POST", b"")


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "https://halte.test.evil.example", "https://halte.test:8443"]
)
async def test_a_cookie_cannot_write_from_a_foreign_page(
    node: Node, add_account: AddAccount, origin: str | None
) -> None:
    await add_account("nadia")
    client = await node.sign_in("nadia")
    del client.headers["origin"]
    if origin is not None:
        client.headers["origin"] = origin
    for answer in (await client.post("/report"), await client.delete("/api/v1/sessions/current")):
        assert (answer.status_code, slug_of(answer)) == (403, "origin-refused")
    assert (await client.get("/board")).json()["role"] == "staff"
    client.headers["origin"] = "http://halte.test"
    assert (await client.post("/report")).status_code == 201


async def test_postgres_away_is_busy_and_not_a_lost_session(node: Node, add_account: AddAccount, pool: Pool) -> None:
    await add_account("nadia")
    client = await node.sign_in("nadia")
    node.access.forget()
    await pool.execute("ALTER TABLE session RENAME TO session_away")
    answer = await client.get("/board")
    assert (answer.status_code, slug_of(answer), answer.headers["retry-after"]) == (503, "busy", "1")
    await pool.execute("ALTER TABLE session_away RENAME TO session")
    assert (await client.get("/board")).status_code == 200


async def _greet(address: str, path: str, hello: dict[str, Any], **headers: str) -> dict[str, Any]:
    async with connect(
        f"ws://{address}{path}", additional_headers=headers, subprotocols=[Subprotocol("halte.v1")], compression=None
    ) as socket:
        await socket.send(json.dumps(hello))
        answer: dict[str, Any] = json.loads(await socket.recv())
        return answer


async def test_a_socket_takes_a_cookie_a_key_or_a_ticket_and_says_its_refusal(
    node: Node, add_account: AddAccount, add_key: AddKey
) -> None:
    await add_account("nadia")
    client = await node.sign_in("nadia")
    cookie, (_, secret) = f"{COOKIE}={token_of(client)}", await add_key(Verb.READ)
    _, reporter = await add_key(Verb.REPORT)
    ticket = (await client.post("/api/v1/sessions/tickets")).json()["ticket"]
    async with serving(node.app) as address:
        own = f"http://{address}"
        assert (await _greet(address, "/live", {}, Cookie=cookie, Origin=own))["role"] == "staff"
        assert (await _greet(address, "/live", {}, Authorization=f"Bearer {secret}"))["role"] == "machine"
        assert (await _greet(address, "/live", {"ticket": ticket}, Origin=own))["role"] == "staff"
        refusals = [
            await _greet(address, "/live", {"ticket": ticket}, Origin=own),
            await _greet(address, "/live", {}, Origin=own),
            await _greet(address, "/live", {}, Cookie=cookie),
            await _greet(address, "/live", {}, Cookie=f"{COOKIE}={'A' * 43}", Origin=own),
            await _greet(address, "/live", {}, Authorization=f"Bearer {reporter}"),
            await _greet(address, "/live", {}, Authorization="Bearer nonsense"),
        ]
    slugs = ["ticket-refused", "login-required", "origin-refused", "session-ended", "verb-missing", "key-refused"]
    assert [refusal["slug"] for refusal in refusals] == slugs


async def test_a_socket_from_a_foreign_page_or_without_a_policy_does_not_open(
    node: Node, add_account: AddAccount
) -> None:
    await add_account("nadia")
    cookie = f"{COOKIE}={token_of(await node.sign_in('nadia'))}"
    async with serving(node.app) as address:
        for path, origin in (("/live", "https://evil.example"), ("/forgotten-live", f"http://{address}")):
            with pytest.raises(InvalidStatus) as refused:
                await _greet(address, path, {}, Cookie=cookie, Origin=origin)
            assert refused.value.response.status_code == 403


async def test_no_password_token_secret_or_login_reaches_a_log_or_an_answer(
    node: Node, add_account: AddAccount, add_key: AddKey, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    caplog.set_level("DEBUG")
    await add_account("nadia", Role.ADMINISTRATOR)
    with capture_logs() as logs:
        client = await node.sign_in("nadia")
        key, secret = await add_key(Verb.READ)
        ticket = (await client.post("/api/v1/sessions/tickets")).json()["ticket"]
        body = {"login": "karim", "password": PASSWORD, "role": "staff"}
        answers = [
            await client.post("/api/v1/accounts", json=body | {"role": 7}),
            await client.post("/api/v1/accounts", content=json.dumps(body)[:-3]),
            await client.post("/api/v1/accounts", json=body),
            await client.post("/api/v1/accounts", json=body),
            await client.get("/api/v1/accounts"),
            await client.get("/api/v1/keys"),
            await node.client().post("/api/v1/sessions", json={"login": "nadia", "password": PASSWORD + "!"}),
            await node.with_key(secret[:-1] + "A").get("/board"),
            await client.delete(f"/api/v1/keys/{key.id}"),
        ]
        await node.access.authenticate_ticket(ticket)
    said = json.dumps(logs, default=repr) + capsys.readouterr().err + caplog.text
    for hidden in (PASSWORD, token_of(client), secret.split(".")[1], ticket, "argon2id"):
        assert all(hidden not in answer.text for answer in answers)
        assert hidden not in said
    assert "signed_in" in said
    assert "nadia" not in said
    assert "karim" not in said
