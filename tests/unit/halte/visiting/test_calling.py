"""Calling a server that is away, busy or of another opinion: a scripted one on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from halte.visiting import calling
from halte.visiting.batching import report_all
from halte.visiting.calling import Caller, Key, Refused, ServerAway, wait_s

CUT = b""
PROBLEM = b'{"slug":"busy","title":"Much to do","detail":"Later.","retry_after_s":1}'


def answer(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def serving(*answers: bytes, tries: int = 4) -> AsyncIterator[tuple[Caller, list[bytes]]]:
    """Give one answer per connection; an empty one cuts it when the request has come."""
    left, asked = list(answers), list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(65_536))
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    caller = Caller(f"http://127.0.0.1:{port}", "fr", tries=tries)
    try:
        yield caller, asked
    finally:
        await caller.close()
        server.close()
        await server.wait_closed()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "_BACKOFF_MAX_S", 0.01)


async def test_what_was_cut_off_is_sent_again_as_it_was() -> None:
    async with serving(CUT, CUT, answer(200, b'{"said":1}')) as (caller, asked):
        told = await Key(caller, "id.secret").ask("POST", "/reports", dict[str, int], {"reports": []})
    assert told == {"said": 1}
    assert len(asked) == 3
    assert len(set(asked)) == 1
    assert b"authorization: Bearer id.secret" in asked[0]
    assert b"accept-language: fr" in asked[0]


async def test_a_busy_server_is_asked_again_when_it_says() -> None:
    started = asyncio.get_running_loop().time()
    async with serving(answer(503, PROBLEM, "retry-after: 1"), answer(200)) as (caller, _):
        await Key(caller, "k").ask("GET", "/board", dict[str, int])
    assert asyncio.get_running_loop().time() - started >= 1


async def test_a_server_that_stays_busy_is_given_up_with_its_own_words() -> None:
    async with serving(*[answer(503, PROBLEM)] * 3, tries=3) as (caller, asked):
        with pytest.raises(Refused, match=r"Much to do\. Later\. \[busy\]"):
            await Key(caller, "k").ask("GET", "/board", dict[str, int])
    assert len(asked) == 3


async def test_a_server_that_is_gone_is_named() -> None:
    async with serving(CUT, CUT, tries=2) as (caller, _):
        with pytest.raises(ServerAway, match=r"http://127\.0\.0\.1:\d+ does not answer"):
            await Key(caller, "k").ask("GET", "/board", dict[str, int])


async def test_a_refusal_is_not_repeated() -> None:
    async with serving(answer(422, b'{"slug":"absurd-count","title":"Too many","detail":"91."}')) as (caller, asked):
        with pytest.raises(Refused, match=r"Too many\. 91\. \[absurd-count\]") as caught:
            await Key(caller, "k").ask("PUT", "/units/1", dict[str, int], {})
    assert (caught.value.status, len(asked)) == (422, 1)


async def test_what_is_no_problem_document_is_told_by_its_status() -> None:
    async with serving(answer(404, b"<html>")) as (caller, _):
        with pytest.raises(Refused, match="Said"):
            await Key(caller, "k").ask("GET", "/board", dict[str, int])


async def test_another_kind_of_server_is_told_from_one_that_refuses() -> None:
    async with serving(answer(200, b"<html>Welcome</html>")) as (caller, _):
        with pytest.raises(ServerAway, match="it answered something else"):
            await caller.sign_in("nora", "cactus lamp")


async def test_only_an_administrator_can_replay() -> None:
    principal = b'{"region":"00000000-0000-0000-0000-000000000001","role":"desk"}'
    async with serving(answer(201, principal)) as (caller, _):
        with pytest.raises(Refused, match="needs an administrator"):
            await caller.sign_in("nora", "cactus lamp")


async def test_the_cookie_goes_with_the_administrator_and_never_with_a_key() -> None:
    principal = b'{"region":"00000000-0000-0000-0000-000000000001","role":"administrator"}'
    signed_in = answer(201, principal, "set-cookie: __Host-halte=token; Path=/; Secure; HttpOnly")
    async with serving(signed_in, answer(200), answer(200)) as (caller, asked):
        administrator, _ = await caller.sign_in("nora", "cactus lamp")
        await administrator.ask("PUT", "/clock", dict[str, int], {})
        await Key(caller, "k").ask("GET", "/board", dict[str, int])
    assert b"__Host-halte=token" in asked[1]
    assert b"origin: http://127.0.0.1" in asked[1]
    assert b"cookie" not in asked[2]


@pytest.mark.parametrize("written, wait", [("3", 3.0), ("86400", 30.0)])
def test_it_waits_as_long_as_asked_within_reason(written: str, wait: float) -> None:
    assert wait_s(written, 1) == wait


@pytest.mark.parametrize("written", [None, "", "-1", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_without_a_number_of_seconds_it_backs_off(written: str | None) -> None:
    assert 0 < wait_s(written, 1) <= 0.01


def batched(*statuses: int, repeated: bool = False) -> bytes:
    return answer(200, json.dumps({"answers": [{"status": one, "repeated": repeated} for one in statuses]}).encode())


async def test_a_batch_is_said_again_from_the_first_that_met_a_busy_server() -> None:
    async with serving(batched(200, 503, 404, 503), batched(200, 404, 200, repeated=True)) as (caller, asked):
        answers = await report_all(Key(caller, "k"), [{"report": number} for number in range(4)])
    assert [json.loads(one.split(b"\r\n\r\n", 1)[1]) for one in asked] == [
        {"reports": [{"report": number} for number in said]} for said in (range(4), range(1, 4))
    ]
    # What was answered the first time is not told as a repetition.
    assert [(one.status, one.repeated) for one in answers] == [(200, False), (200, True), (404, False), (200, True)]


async def test_a_batch_that_is_never_taken_is_given_up() -> None:
    async with serving(*[batched(200, 503)] + [batched(503)] * 7) as (caller, asked):
        with pytest.raises(ServerAway, match="1 reports unanswered"):
            await report_all(Key(caller, "k"), [{}, {}])
    assert len(asked) == 8
