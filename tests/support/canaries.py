"""A refuge whose numbers and whereabouts would be recognised anywhere, and the eye that looks for them (I11)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from kernel.ids import new_id
from tests.support.region import PASSWORD, SmallRegion

# Numbers that occur for no other reason. What is reported, what becomes of it, and what is derived from it.
CAPACITY, GROWN, FREE, IN, OUT, REPAIR = 2341, 2347, 1907, 613, 211, 1213
AFTER_IN, AFTER_OUT, AGAIN = FREE - IN, FREE - IN + OUT, 1787
LARGE, LARGE_FREE, HELD = 5347, 4231, 1381
NUMBERS = (CAPACITY, GROWN, FREE, IN, OUT, REPAIR, AFTER_IN, AFTER_OUT, AGAIN, LARGE, LARGE_FREE, HELD)
DERIVED = (
    *(LARGE_FREE - HELD, LARGE - LARGE_FREE, LARGE - HELD),
    *(3 * CAPACITY, 3 * GROWN, CAPACITY - FREE, CAPACITY - REPAIR),
)
WHERE = {"address": "Zilverspar 71", "latitude": 50.83917, "longitude": 4.40243, "phone": "+32 2 000 71 93"}
_WORDS = ("Zilverspar", "50.8391", "4.4024", "000 71 93")

# Longer than a tick: what follows at once would be conflated, and no screen would be sent what was in between.
_PAUSE_S = 0.15

# A count never stands inside a word or a fraction: digests and instants hold digits by chance.
_COUNT = re.compile(rf"(?<![0-9A-Za-z.])(?:{'|'.join(map(str, NUMBERS + DERIVED))})(?![0-9A-Za-z])")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def counts_in(text: str) -> set[str]:
    return set(_COUNT.findall(_UUID.sub("", text)))


def whereabouts_in(text: str) -> set[str]:
    return {word for word in _WORDS if word in text}


def words_of(answer: httpx.Response) -> str:
    """Return all that an answer says: its status, its headers and its body. Its length is any number."""
    told = [(name, value) for name, value in answer.headers.multi_items() if name != "content-length"]
    headers = "\n".join(f"{name}: {value}" for name, value in told)
    return f"{answer.status_code}\n{headers}\n\n{answer.text}"


@dataclass(slots=True)
class Refuge:
    """The secret shelter of a small region, with a second unit in which places are held, and one that is removed."""

    region: SmallRegion
    database_url: str
    held_unit: UUID = field(default_factory=new_id)
    gone_unit: UUID = field(default_factory=new_id)
    surge_unit: UUID = field(default_factory=new_id)
    surge: UUID = field(default_factory=new_id)
    request: UUID = field(default_factory=new_id)
    receipt: str = ""
    tonight: str = ""
    placement: UUID = field(default_factory=new_id)
    # Somebody waits, and a plan has a place for them in there.
    waiting: UUID = field(default_factory=new_id)
    plan: UUID = field(default_factory=new_id)
    draw: UUID = field(default_factory=new_id)

    @property
    def units(self) -> tuple[UUID, ...]:
        return self.region.secret_unit, self.held_unit, self.gone_unit

    async def found(self) -> None:
        """Say where it is and how large its units are; hold more places than anybody would place."""
        region = self.region
        house = {"operator": str(region.operator), "name": "Quiet House", "commune": "21004", "secret": True}
        async with region.client("admin") as admin:
            _expect(await admin.put(f"/shelters/{region.secret}", json=house | WHERE))
            for unit, capacity in zip(self.units, (CAPACITY, LARGE, LARGE), strict=True):
                body = {"shelter": str(region.secret), "name": "Women and children", "audience": ["women"]}
                _expect(await admin.put(f"/units/{unit}", json=body | {"capacity": capacity, "turnover": "continuing"}))
            surge = {"shelter": str(region.secret), "name": "In the cold", "audience": ["women"], "capacity": LARGE}
            _expect(await admin.put(f"/units/{self.surge_unit}", json=surge | {"surge": True}))
            account = {"login": "granted", "password": PASSWORD, "role": "desk", "language": "en"}
            made = await admin.post("/accounts", json=account | {"shelters": [str(region.secret)]})
            assert made.status_code == 201, made.text
            await region.sign_in("granted")
            woman = {"age": "26-59", "gender": "woman", "relation": "self"}
            asked = {"id": str(self.request), "regime": "night", "channel": "phone", "party": [woman]}
            told = (await admin.post("/requests", json=asked)).json()
            await admin.post("/requests", json=asked | {"id": str(self.waiting)})
            self.receipt, self.tonight = told["receipt"], told["request"]["night"]
        connection = await asyncpg.connect(self.database_url)
        await connection.execute("UPDATE unit_state SET held = $2 WHERE unit_id = $1", self.held_unit, HELD)
        await connection.close()

    def line(self, free: int, unit: UUID | None = None, **more: Any) -> dict[str, Any]:
        body = self.region.report(free, unit or self.region.secret_unit, self.region.secret)
        body["units"][0] |= more
        return body

    async def live(self) -> None:
        """Let its own staff, and an administrator, do all that is ever done to a unit."""
        region, unit = self.region, self.region.secret_unit
        repair = [{"reason": "repair", "places": REPAIR}]
        async with region.client("staff") as staff, region.client("admin") as admin:
            await _seen(_report(staff, self.line(FREE, out_of_service=repair)))
            await _seen(_report(staff, self.line(LARGE_FREE, self.held_unit)))
            await _seen(_report(staff, self.line(LARGE_FREE, self.gone_unit)))
            for direction, places in (("in", IN), ("out", OUT)):
                moved = {"unit": str(unit), "direction": direction, "places": places}
                movement = new_id()
                await _seen(staff.put(f"/movements/{movement}", json=moved))
            await _seen(staff.post(f"/movements/{movement}/void"))
            await _seen(_report(staff, self.line(FREE, capacity=GROWN)))
            await _seen(staff.post(f"/units/{unit}/close"))
            await _seen(staff.post(f"/units/{unit}/reopen"))
            await _seen(admin.delete(f"/units/{self.gone_unit}"))
            await _seen(_report(staff, self.line(AGAIN, out_of_service=repair)))
            begun = {"id": str(self.surge), "reason": "cold", "why": "A cold night", "units": [str(self.surge_unit)]}
            await _seen(admin.post("/surges", json=begun))
            await _seen(_report(staff, self.line(LARGE_FREE, self.surge_unit)))
            batch = {"reports": [{"report": str(new_id())} | self.line(FREE, intake={"state": "paused"})]}
            await _seen(staff.post("/reports", json=batch))
            await _seen(_report(staff, self.line(AGAIN, intake={"state": "open"})))
        async with region.client("granted") as desk:
            placed = {"request": str(self.request), "unit": str(self.surge_unit)}
            await _seen(desk.put(f"/placements/{self.placement}", json=placed))
            planned = await desk.post("/plans", json={"id": str(self.plan)})
            assert planned.status_code == 202, planned.text
            await _worked_out(desk, self.plan)
        await self._draw()

    async def _draw(self) -> None:
        """Let two people draw for who waits, and place by it."""
        region, path = self.region, f"/draws/{self.draw}"
        async with region.client("granted") as desk, region.client("admin") as admin:
            people = ((desk, "5a" * 32), (admin, "a5" * 32))
            _expect(await desk.post("/draws", json={"id": str(self.draw), "audience": "woman"}), 201)
            for person, secret in people:
                committed = {"id": str(new_id()), "commitment": sha256(bytes.fromhex(secret)).hexdigest()}
                _expect(await person.post(f"{path}/commit", json=committed))
            await _seen(desk.post(f"{path}/freeze", json={"id": str(new_id())}))
            for person, secret in people:
                await _seen(person.post(f"{path}/reveal", json={"id": str(new_id()), "secret": secret}))
            placed = await desk.post(f"{path}/place", json={"id": str(new_id())})
            _expect(placed)
            (held,) = placed.json()["placed"]
            # The numbers are those that would be recognised again.
            let_go = {"id": str(new_id()), "reason": "mistake"}
            await _seen(desk.post(f"/placements/{held['placement']}/cancel", json=let_go))


async def _worked_out(client: httpx.AsyncClient, plan: UUID) -> None:
    while True:
        told = (await client.get(f"/plans/{plan}")).json()
        if told["state"] != "solving":
            return
        await asyncio.sleep(_PAUSE_S)


async def _report(client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
    return await client.put(f"/reports/{new_id()}", json=body)


async def _seen(asked: Awaitable[httpx.Response]) -> None:
    """Expect it to be done, and give every screen the time to show it."""
    _expect(await asked)
    await asyncio.sleep(_PAUSE_S)


def _expect(answer: httpx.Response, status: int = 200) -> None:
    assert answer.status_code == status, answer.text
