"""Tickets: once, for 30 seconds, and only as long as what they stand for."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from kernel.access.model import Verb
from kernel.access.problems import TicketRefused, TicketsUnavailable
from kernel.access.tickets import Tickets
from tests.integration.kernel.access.conftest import AddAccount, AddKey, MakeNode, Node, slug_of

TICKETS = "/api/v1/sessions/tickets"


async def test_a_ticket_works_once_however_many_try(node: Node, make_node: MakeNode, add_account: AddAccount) -> None:
    account = await add_account("nadia")
    client = await node.sign_in("nadia")
    issued = await client.post(TICKETS)
    assert (issued.status_code, issued.json()["lasts_s"]) == (201, 30)
    assert issued.headers["cache-control"] == "no-store"
    ticket, other = issued.json()["ticket"], await make_node()
    outcomes = await asyncio.gather(
        *((node if n % 2 else other).access.authenticate_ticket(ticket) for n in range(20)), return_exceptions=True
    )
    principals = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert [principal.id for principal in principals] == [account.id]
    assert sum(isinstance(outcome, TicketRefused) for outcome in outcomes) == 19
    assert await node.access.still_valid(principals) == set(principals)


async def test_all_screens_may_come_back_at_once(node: Node, add_account: AddAccount) -> None:
    await add_account("nadia")
    principal = await node.principal_of(await node.sign_in("nadia"))
    assert principal.credential is not None
    tickets = await asyncio.gather(*(node.access.issue_ticket(principal.credential) for _ in range(500)))
    back = await asyncio.gather(*(node.access.authenticate_ticket(ticket) for ticket in tickets))
    assert set(back) == {principal}


async def test_redis_holds_a_digest_for_thirty_seconds(node: Node, add_account: AddAccount, redis_url: str) -> None:
    await add_account("nadia")
    ticket = (await (await node.sign_in("nadia")).post(TICKETS)).json()["ticket"]
    redis = Redis.from_url(redis_url, protocol=3)
    (key,) = await redis.keys("halte:ticket:*")
    assert ticket.encode() not in key
    assert 29_000 < await redis.pttl(key) <= 30_000
    await redis.pexpire(key, 1)
    await asyncio.sleep(0.05)
    with pytest.raises(TicketRefused):
        await node.access.authenticate_ticket(ticket)
    await redis.aclose()


async def test_a_ticket_ends_with_its_session(node: Node, add_account: AddAccount) -> None:
    await add_account("nadia")
    client = await node.sign_in("nadia")
    ticket = (await client.post(TICKETS)).json()["ticket"]
    await client.delete("/api/v1/sessions/current")
    with pytest.raises(TicketRefused):
        await node.access.authenticate_ticket(ticket)


async def test_a_reading_key_may_have_one_and_stays_a_key(node: Node, add_key: AddKey) -> None:
    key, secret = await add_key(Verb.READ)
    ticket = (await node.with_key(secret).post(TICKETS)).json()["ticket"]
    principal = await node.access.authenticate_ticket(ticket)
    assert (principal.kind, principal.id) == ("key", key.id)
    _, reporter = await add_key(Verb.REPORT)
    assert slug_of(await node.with_key(reporter).post(TICKETS)) == "verb-missing"


@pytest.mark.parametrize("made_up", ["", "x", "é" * 43, "A" * 43, "A" * 10_000])
async def test_made_up_tickets_are_refused(node: Node, made_up: str) -> None:
    with pytest.raises(TicketRefused):
        await node.access.authenticate_ticket(made_up)


async def test_nobody_else_gets_one(node: Node) -> None:
    assert slug_of(await node.client().post(TICKETS)) == "login-required"


async def test_without_redis_there_are_none_and_it_is_said(make_node: MakeNode, add_account: AddAccount) -> None:
    await add_account("nadia")
    node = await make_node(with_redis=False)
    answer = await (await node.sign_in("nadia")).post(TICKETS)
    assert (answer.status_code, slug_of(answer), answer.headers["retry-after"]) == (503, "tickets-unavailable", "2")
    dead = Redis.from_url("redis://127.0.0.1:1", protocol=3)
    with pytest.raises(TicketsUnavailable):
        await Tickets(dead).redeem("A" * 43)
    await dead.aclose()
