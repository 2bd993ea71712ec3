"""Who is told where a secret shelter is: who works there, and whoever defines it, which is noted (I11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from halte.logs import ALLOWED
from inventory.bodies import shelter_body
from inventory.model.unit import Operator, Shelter
from inventory.routes.answering import audience_of
from inventory.routes.definitions import _may_know_address
from kernel.access.model import Principal, Role, Verb
from kernel.ids import new_id
from kernel.journal import Subject
from tests.support.region import PASSWORD, SmallRegion
from tests.support.running import Running

WHERE = {"address": "Invented Street 17", "latitude": 50.8391, "longitude": 4.4024, "phone": "+32 2 000 00 17"}


@pytest.fixture(scope="module", autouse=True)
async def furnished(halte: Running) -> None:
    """Say where the refuge is; give a desk and a supervisor a grant for it, and a key to read it with."""
    region = halte.region
    body = {"operator": str(region.operator), "name": "Quiet House", "commune": "21004", "secret": True}
    own = [str(region.secret)]
    async with region.client("admin") as admin:
        assert (await admin.put(f"/shelters/{region.secret}", json=body | WHERE)).status_code == 200
        for role in ("desk", "supervisor"):
            account = {"login": f"{role}-granted", "password": PASSWORD, "role": role, "language": "en"}
            assert (await admin.post("/accounts", json=account | {"shelters": own})).status_code == 201
            await region.sign_in(f"{role}-granted")


async def _told(region: SmallRegion, login: str | None, key: str | None = None) -> dict[str, Any]:
    async with region.client(login, key=key) as client:
        answer = await client.get(f"/shelters/{region.secret}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert (told["shelter"]["address"], told["shelter"]["location"], told["shelter"]["phone"]) == (None, None, None)
    return told


@pytest.mark.parametrize("login", ["desk", "desk-granted", "supervisor", "supervisor-granted", "other"])
async def test_i11_no_other_account_is_told_where_the_refuge_is(halte: Running, login: str) -> None:
    assert (await _told(halte.region, login))["address"] is None


async def test_i11_no_other_key_is_told_where_the_refuge_is(halte: Running) -> None:
    assert (await _told(halte.region, None, halte.region.reader_key))["address"] is None


@pytest.mark.parametrize("login", ["staff", "admin"])
async def test_its_staff_and_administrators_are_told(halte: Running, login: str) -> None:
    assert (await _told(halte.region, login))["address"] == WHERE


async def test_its_own_key_is_told(halte: Running) -> None:
    region = halte.region
    body = {"name": "The refuge's own software", "verbs": ["read"], "shelters": [str(region.secret)]}
    async with region.client("admin") as admin:
        secret = (await admin.post("/keys", json=body)).json()["secret"]
    assert (await _told(region, None, secret))["address"] == WHERE


SHELTER = UUID(int=9)


def _subject(*, secret: bool) -> Subject:
    house = Shelter(id=SHELTER, region_id=UUID(int=1), operator_id=UUID(int=2), name="x", commune="1", secret=secret)
    body = shelter_body(house, Operator(id=UUID(int=2), region_id=UUID(int=1), name="x"), ())
    return Subject("shelter", SHELTER, 1, 1, False, body)


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


def _asks(role: Role, *, secret: bool, own: bool = False) -> tuple[Principal, bool]:
    verbs = frozenset({Verb.READ}) if role is Role.MACHINE else frozenset[Verb]()
    shelters = frozenset({SHELTER}) if own else frozenset[UUID]()
    asker = Principal("account", new_id(), UUID(int=1), role, shelters, verbs)
    return asker, _may_know_address(asker, _subject(secret=secret), audience_of(asker))


def test_an_administrator_s_look_is_noted_with_who_and_which_and_no_more(logs: list[Any]) -> None:
    asker, told = _asks(Role.ADMINISTRATOR, secret=True)
    assert told
    (line,) = logs
    assert (line["event"], line["actor_id"], line["shelter"]) == (
        "inventory.address_read", str(asker.id), str(SHELTER)
    )  # fmt: skip
    assert set(line) - {"log_level"} <= ALLOWED


@pytest.mark.parametrize("role", [Role.STAFF, Role.MACHINE])
def test_who_belongs_there_is_told_without_a_note(logs: list[Any], role: Role) -> None:
    assert _asks(role, secret=True, own=True)[1]
    assert not _asks(role, secret=True)[1]
    assert logs == []


def test_an_open_shelter_s_address_is_no_secret_to_note(logs: list[Any]) -> None:
    assert _asks(Role.ADMINISTRATOR, secret=False)[1]
    assert logs == []
