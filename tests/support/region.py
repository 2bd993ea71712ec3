"""A small region, made over HTTP by its administrator: two shelters, a secret one, each role, three keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from halte.regions import ensure_region
from kernel.access import keeping_accounts
from kernel.access.model import COMMAND_LINE, Role
from kernel.access.passwords import Passwords
from kernel.ids import new_id
from kernel.postgres import open_engine
from kernel.settings import Settings

PASSWORD = "seven dry umbrellas"
LANGUAGE = {"Accept-Language": "en"}


@dataclass(slots=True)
class SmallRegion:
    """`linden` has two units and is the staff's, as is the secret one; `canal` is somebody else's."""

    address: str
    id: UUID
    operator: UUID = field(default_factory=new_id)
    linden: UUID = field(default_factory=new_id)
    canal: UUID = field(default_factory=new_id)
    secret: UUID = field(default_factory=new_id)
    men: UUID = field(default_factory=new_id)
    women: UUID = field(default_factory=new_id)
    canal_unit: UUID = field(default_factory=new_id)
    secret_unit: UUID = field(default_factory=new_id)
    key: str = ""
    reader_key: str = ""
    revoked_key: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def client(self, login: str | None = None, *, key: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client that acts as this account or key, as its own page or software would."""
        sent = dict(LANGUAGE)
        if login is not None:
            sent |= {"Cookie": self.cookies[login], "Origin": self.address}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        return httpx.AsyncClient(base_url=f"{self.address}/api/v1", headers=sent | headers, timeout=60)

    async def sign_in(self, login: str) -> None:
        """Keep the cookie by hand: httpx would not send a Secure one over http."""
        async with httpx.AsyncClient(base_url=self.address, headers={"Origin": self.address}, timeout=60) as client:
            answer = await client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.cookies[login] = answer.headers["set-cookie"].partition(";")[0]

    async def unit(self, unit: UUID) -> dict[str, Any]:
        """Return a unit's state as the administrator's board has it."""
        async with self.client("admin") as client:
            board = (await client.get("/board")).json()
        found: list[dict[str, Any]] = [one for one in board["units"] if one["id"] == str(unit)]
        return found[0]

    def report(
        self, free: object, unit: UUID | None = None, shelter: UUID | None = None, **more: Any
    ) -> dict[str, Any]:
        """Build the body of a report of one unit, the men's of Linden House unless said otherwise."""
        line = {"unit": str(unit or self.men), "free": free}
        return {"shelter": str(shelter or self.linden), "units": [line]} | more


async def found_region(settings: Settings) -> UUID:
    """Make the region and its first administrator, as the command line does."""
    engine = open_engine(settings, "founding")
    try:
        region_id = await ensure_region(engine, "brussels", "Brussels", "Europe/Brussels")
        await keeping_accounts.add_account(
            engine, Passwords(), region_id=region_id, login="admin", password=PASSWORD, role=Role.ADMINISTRATOR,
            language="en", shelters=set(), actor_id=COMMAND_LINE,
        )  # fmt: skip
        return region_id
    finally:
        await engine.dispose()


async def furnish(region: SmallRegion) -> None:
    """Define everything over HTTP and count every unit once."""
    await region.sign_in("admin")
    async with region.client("admin") as admin:
        await _define(region, admin)
        for login, role, shelters in (
            ("staff", "staff", [region.linden, region.secret]),
            ("other", "staff", [region.canal]),
            ("desk", "desk", []),
            ("supervisor", "supervisor", []),
        ):
            names = [str(shelter) for shelter in shelters]
            body = {"login": login, "password": PASSWORD, "role": role, "language": "en", "shelters": names}
            _expect(201, await admin.post("/accounts", json=body))
            await region.sign_in(login)
        region.key = (await _make_key(region, admin, ["report", "read", "move"]))["secret"]
        region.reader_key = (await _make_key(region, admin, ["read"]))["secret"]
        revoked = await _make_key(region, admin, ["report"])
        region.revoked_key = revoked["secret"]
        _expect(204, await admin.delete(f"/keys/{revoked['key']['id']}"))
        for shelter, unit, free in (
            (region.linden, region.men, 5),
            (region.linden, region.women, 2),
            (region.canal, region.canal_unit, 0),
            (region.secret, region.secret_unit, 7),
        ):
            body = region.report(free, unit, shelter)
            _expect(200, await admin.put(f"/reports/{new_id()}", json=body))


async def _define(region: SmallRegion, admin: httpx.AsyncClient) -> None:
    _expect(200, await admin.put(f"/operators/{region.operator}", json={"name": "Operator 1 (invented)"}))
    for shelter, name, secret in (
        (region.linden, "Linden House", False),
        (region.canal, "Canal Court", False),
        (region.secret, "Quiet House", True),
    ):
        body = {"operator": str(region.operator), "name": name, "commune": "21004", "secret": secret, "invented": True}
        _expect(200, await admin.put(f"/shelters/{shelter}", json=body))
    for unit, shelter, name, audience, capacity in (
        (region.men, region.linden, "Men", "men", 25),
        (region.women, region.linden, "Women", "women", 12),
        (region.canal_unit, region.canal, "Everyone", "everyone", 30),
        (region.secret_unit, region.secret, "Women and children", "women", 10),
    ):
        unit_body = {"shelter": str(shelter), "name": name, "audience": [audience], "capacity": capacity}
        _expect(200, await admin.put(f"/units/{unit}", json=unit_body | {"turnover": "continuing"}))


async def _make_key(region: SmallRegion, admin: httpx.AsyncClient, verbs: list[str]) -> dict[str, Any]:
    body = {"name": "Software of a test", "verbs": verbs, "shelters": [str(region.linden)]}
    made: dict[str, Any] = _expect(201, await admin.post("/keys", json=body)).json()
    return made


def _expect(status: int, answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == status, answer.text
    return answer
