"""I9: what a household leaves beside coded facts is nowhere but in the sealed columns, whatever is done with it.

Canary values are driven through every route that takes or tells them, also where they are refused. Then everything
that is kept is read as bytes: every row of every table, every value in Redis, the log, the metrics, the frames.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest
import redis.asyncio
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from halte.embedded import EmbeddedServers
from halte.logs import ALLOWED
from kernel.ids import new_id
from kernel.postgres import metadata
from kernel.settings import Settings
from tests.integration.halte.test_requests import CHILD, SELF, body
from tests.support.region import SmallRegion, found_region, furnish
from tests.support.running import SCRAPER, serving, settings_of_its_own

SECRETS = ("c0ffee17" * 8, "7ea0c0de" * 8)
ALIAS, PHONE, MAIL, REFUSED = "Vlinderdas", "+32 470 71 93 44", "zilverspar@canary.example", "85.07.30-033.28"


@dataclass(slots=True)
class Kept:
    """All that the installation keeps and says, after the canaries flew through it."""

    receipt: str = ""
    asked: dict[str, Any] = field(default_factory=dict)
    found: dict[str, bytes] = field(default_factory=dict)
    drawn: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
async def kept(
    servers: EmbeddedServers, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Kept]:
    log = tmp_path_factory.mktemp("log") / "halte.log"
    kept, frames = Kept(), bytearray()
    async with settings_of_its_own(servers, template) as settings:
        region_id = await found_region(settings)
        async with serving(settings, log, HALTE_LOG_LEVEL="debug") as server:
            region = SmallRegion(server.address, region_id)
            await furnish(region)
            listening = [asyncio.create_task(_listen(region, who, path, frames)) for who, path in _SCREENS]
            await asyncio.sleep(0.3)
            await _drive(region, kept)
            await asyncio.sleep(0.5)
            for task in listening:
                task.cancel()
            ended = await asyncio.gather(*listening, return_exceptions=True)
            assert [error for error in ended if isinstance(error, Exception)] == []
            async with httpx.AsyncClient(base_url=server.address) as client:
                kept.found["metrics"] = (await client.get("/metrics", headers=SCRAPER)).content
            kept.found |= {name: rows async for name, rows in _tables(settings)}
            kept.found["Redis"] = await _redis(settings)
        kept.found |= {"log": log.read_bytes(), "frames": bytes(frames)}
        yield kept


_SCREENS = (("desk", "/live/desk"), ("desk", "/live/board"), ("staff", "/live/shelter"))


async def _listen(region: SmallRegion, who: str, path: str, frames: bytearray) -> None:
    headers = {"Cookie": region.cookies[who], "Origin": region.address}
    address = region.address.replace("http://", "ws://") + path
    async with connect(address, subprotocols=[Subprotocol("halte.v1")], additional_headers=headers) as socket:
        await socket.send(json.dumps({"t": "hello"}))
        async for text in socket:
            assert isinstance(text, str)
            frames += text.encode()
            frame = json.loads(text)
            if frame["t"] in {"snapshot", "delta"}:
                await socket.send(json.dumps({"t": "ack", "to": frame.get("to", frame.get("seq"))}))


async def _drive(region: SmallRegion, kept: Kept) -> None:
    said = body(contact={"alias": ALIAS, "contact": PHONE})
    path, placement = f"/requests/{said['id']}", new_id()
    async with region.client("desk") as desk, region.client() as public, region.client("staff") as staff:
        kept.asked = (await desk.post("/requests", json=said)).json()
        receipt = kept.receipt = kept.asked["receipt"]
        for again in (said, said | {"party": [SELF, CHILD]}, body(continues=receipt)):
            await desk.post("/requests", json=again)
        for wrong in (
            {"contact": {"alias": REFUSED}},
            {"contact": {"alias": ALIAS, "name": PHONE}},
            {"contact": {"contact": f"{MAIL} {PHONE}"}},
            {"note": ALIAS},
            {"needs": {"near": ALIAS}},
            {"continues": f"{receipt}{receipt}"},
        ):
            assert (await desk.post("/requests", json=body(**wrong))).status_code in {404, 422}
        for login in ("staff", "supervisor"):
            async with region.client(login) as client:
                assert (await client.post("/requests", json=said)).status_code == 403
        amended = {"id": str(new_id()), "base_version": 1, "contact": {"alias": ALIAS, "contact": MAIL}}
        for _ in range(2):
            assert (await desk.patch(path, json=amended)).status_code == 200
        assert (await desk.patch(path, json=amended | {"id": str(new_id())})).status_code == 409
        await desk.post(f"{path}/take", json={"id": str(new_id()), "base_version": 2})
        for method, secret in (("GET", receipt), ("POST", receipt), ("GET", f"{receipt}X"), ("PUT", receipt)):
            await public.request(method, f"/receipts/{secret}" + ("/refresh" if method == "POST" else ""))
        kept.drawn, kept.found["file of a draw"] = await _draw(region)
        held = {"request": said["id"], "unit": str(region.men), "replaces": None}
        assert (await desk.put(f"/placements/{placement}", json=held)).status_code == 200
        told = await staff.get("/placements", params={"shelter": str(region.linden)})
        assert told.status_code == 200
        kept.found["what the shelter is told"] = told.content
        await staff.post(f"/placements/{placement}/accept", json={"id": str(new_id())})
        kept.found["events"] = (await desk.get(f"{path}/events")).content
        # Last: it is still there for those who may know.
        kept.asked["request"] = seen = (await desk.get(path)).json()
        closing = {"id": str(new_id()), "base_version": seen["version"], "outcome": "withdrawn"}
        assert (await desk.post(f"{path}/close", json=closing)).status_code == 200


async def _draw(region: SmallRegion) -> tuple[dict[str, Any], bytes]:
    """Let two people draw for men; return what the desk sees of it, and the file."""
    path = f"/draws/{new_id()}"
    async with region.client("desk") as desk, region.client("supervisor") as supervisor:
        await desk.post("/draws", json={"id": path.removeprefix("/draws/"), "audience": "man"})
        people = tuple(zip((desk, supervisor), SECRETS, strict=True))
        for person, secret in people:
            committed = {"id": str(new_id()), "commitment": hashlib.sha256(bytes.fromhex(secret)).hexdigest()}
            await person.post(f"{path}/commit", json=committed)
        await desk.post(f"{path}/freeze", json={"id": str(new_id())})
        for person, secret in people:
            told = await person.post(f"{path}/reveal", json={"id": str(new_id()), "secret": secret})
        return told.json(), (await desk.get(f"{path}/file")).content


async def _tables(settings: Settings) -> AsyncIterator[tuple[str, bytes]]:
    connection = await asyncpg.connect(settings.database_url)
    try:
        for table in metadata.sorted_tables:
            rows = await connection.fetch(f"SELECT t::text AS row FROM {table.name} t")  # noqa: S608 -- our own tables
            yield f"table {table.name}", "\n".join(row["row"] for row in rows).encode()
    finally:
        await connection.close()


async def _redis(settings: Settings) -> bytes:
    client = redis.asyncio.Redis.from_url(settings.redis_url or "", protocol=3)
    found = bytearray()
    async for key in client.scan_iter():
        found += key
        kind = await client.type(key)
        match kind.decode() if isinstance(kind, bytes) else kind:
            case "string":
                found += repr(await client.get(key)).encode()
            case "hash":
                found += repr(await client.hgetall(key)).encode()
            case "stream":
                found += repr(await client.xrange(key)).encode()
            case other:
                raise AssertionError(f"how is a {other} read?")
    await client.aclose()
    return bytes(found)


def _forms(canary: str) -> Iterator[bytes]:
    """As it is, as it would be compared, as bytes are written, and as a hash without a key."""
    bare = "".join(sign for sign in canary if sign.isalnum())
    for text in {canary, bare, bare[-9:], canary.lower(), bare.lower()}:
        plain = text.encode()
        yield from (plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")[:-1])
        for digest in (hashlib.sha256(plain), hashlib.blake2b(plain, digest_size=16)):
            yield digest.hexdigest().encode()


async def test_i9_canaries_are_found_nowhere(kept: Kept) -> None:
    for name, content in kept.found.items():
        seen = content.lower()
        for canary in (ALIAS, PHONE, MAIL, REFUSED, kept.receipt):
            assert not [form for form in _forms(canary) if form.lower() in seen], (name, canary)


async def test_i9_what_a_draw_is_made_of_stands_with_it_and_nowhere_else(kept: Kept) -> None:
    entries = kept.drawn["entries"]
    assert str(kept.asked["request"]["id"]) in {entry["request"] for entry in entries}
    where = {
        name
        for name, content in kept.found.items()
        for word in (*SECRETS, *(entry["pseudonym"] for entry in entries))
        if word.encode() in content
    }
    assert where == {"table draw", "table draw_entry", "file of a draw"}
    # With which nobody finds a household again.
    named = [entry[name] for entry in entries for name in ("request", "code")]
    assert not [word for word in named if word.encode() in kept.found["file of a draw"]]


async def test_those_who_may_know_did_see_them_so_the_eye_is_not_blind(kept: Kept) -> None:
    assert kept.asked["request"]["contact"] == {"alias": ALIAS, "contact": MAIL}
    # They are in the sealed columns, and everything was looked at where it could have been.
    assert kept.asked["request"]["id"].encode() in kept.found["table contact"]
    for name in ("table journal", "table request_event", "Redis", "frames", "what the shelter is told"):
        assert kept.asked["request"]["id"].encode() in kept.found[name], name
    assert b"halte_" in kept.found["metrics"]
    assert b"access.signed_in" in kept.found["log"]
    assert all(set(json.loads(line)) <= ALLOWED for line in kept.found["log"].splitlines())


def test_the_forms_that_are_looked_for_are_those_that_leak() -> None:
    for leak in (b"0470719344", b"+32 470 71 93 44", b"32470719344".hex().encode()):
        assert any(form in leak for form in _forms(PHONE))
    assert hashlib.sha256(b"vlinderdas").hexdigest().encode() in set(_forms(ALIAS))
