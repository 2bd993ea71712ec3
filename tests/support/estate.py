"""A region of shelters with eight units each, the last shelter secret, with a key per shelter; made over HTTP."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from kernel.ids import new_id
from tests.support.region import PASSWORD

CAPACITY = 30
# Nothing here speaks TLS, and loading the system's certificates costs a client more than a hundred reports.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_SHELTERS, _UNITS = 5, 8


@dataclass(slots=True)
class Estate:
    """`staff` holds every shelter and so sees all of them exactly; `desk` sees the secret one masked."""

    region_id: UUID
    # By shelter.
    units: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    keys: dict[UUID, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def shelters(self) -> tuple[UUID, ...]:
        return tuple(self.units)

    def headers(self, address: str, login: str) -> dict[str, str]:
        """Return what a page sends for this account. By hand: httpx keeps no Secure cookie over http."""
        return {"Cookie": self.cookies[login], "Origin": address}

    def key_headers(self, shelter: UUID) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[shelter]}"}


async def furnish_estate(address: str, region_id: UUID, shelters: int = _SHELTERS) -> Estate:
    """Define everything as the region's administrator, who is there already."""
    estate = Estate(region_id)
    await sign_in(estate, address, "admin")
    async with httpx.AsyncClient(
        base_url=f"{address}/api/v1", headers=estate.headers(address, "admin"), timeout=20, verify=NO_TLS
    ) as admin:
        operator = new_id()
        _expect(200, await admin.put(f"/operators/{operator}", json={"name": "Operator 1 (invented)"}))
        for number in range(shelters):
            await _add_shelter(estate, admin, operator, number, secret=number == shelters - 1)
        for role, own in (("staff", estate.shelters), ("desk", ())):
            body = {"login": role, "password": PASSWORD, "role": role, "language": "en"}
            _expect(201, await admin.post("/accounts", json=body | {"shelters": [str(one) for one in own]}))
            await sign_in(estate, address, role)
    return estate


async def _add_shelter(estate: Estate, admin: httpx.AsyncClient, operator: UUID, number: int, *, secret: bool) -> None:
    shelter = new_id()
    body = {"operator": str(operator), "name": f"House {number + 1}", "commune": "21004", "invented": True}
    _expect(200, await admin.put(f"/shelters/{shelter}", json=body | {"secret": secret}))
    units = tuple(new_id() for _ in range(_UNITS))
    for place, unit in enumerate(units):
        unit_body = {"shelter": str(shelter), "name": f"Floor {place}", "audience": ["everyone"], "capacity": CAPACITY}
        _expect(200, await admin.put(f"/units/{unit}", json=unit_body | {"turnover": "continuing"}))
    key = {"name": f"Software of house {number + 1}", "verbs": ["report", "read"], "shelters": [str(shelter)]}
    estate.keys[shelter] = _expect(201, await admin.post("/keys", json=key)).json()["secret"]
    estate.units[shelter] = units


async def sign_in(estate: Estate, address: str, login: str) -> None:
    async with httpx.AsyncClient(headers={"Origin": address}, timeout=20, verify=NO_TLS) as client:
        body = {"login": login, "password": PASSWORD}
        answer = _expect(201, await client.post(f"{address}/api/v1/sessions", json=body))
    estate.cookies[login] = answer.headers["set-cookie"].partition(";")[0]


def _expect(status: int, answer: httpx.Response) -> httpx.Response:
    assert answer.status_code == status, answer.text
    return answer
