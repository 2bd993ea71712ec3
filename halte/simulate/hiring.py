"""Hiring: the log-ins and machine keys with which an evening is said. Secrets live as long as the simulation does."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from halte.simulate.happening import name
from halte.simulate.housing import Habit, World
from halte.visiting.calling import Administrator, Caller, Key, Refused
from halte.visiting.keying import Holder, revoke_keys, take_keys

T = TypeVar("T")

# Log-ins that begin so belong to the simulation, and people who look at the list of accounts see it.
MARK = "evening-"
DESK = f"{MARK}desk"
_PHONES_MIN = 6
# Well below what one account or key may be for.
_SHELTERS_EACH = 400
_KEYS_MAX = 48
_LAG_S = 120


class Person:
    """Somebody with a log-in, who signs in again when the session has ended."""

    def __init__(self, caller: Caller, login: str, password: str) -> None:
        self._caller = caller
        self._login = login
        self._password = password
        self._session: Administrator | None = None
        self._signing_in = asyncio.Lock()

    async def ask(self, method: str, path: str, kind: type[T], body: object = None) -> T:
        session = await self._signed_in(None)
        try:
            return await session.ask(method, path, kind, body)
        except Refused as refused:
            if refused.status != 401:
                raise
        return await (await self._signed_in(session)).ask(method, path, kind, body)

    async def _signed_in(self, ended: Administrator | None) -> Administrator:
        async with self._signing_in:
            if self._session is None or self._session is ended:
                self._session, _ = await self._caller.open_session(self._login, self._password)
            return self._session


@dataclass(frozen=True, slots=True)
class Crew:
    """Who speaks for which shelter. `minded`: shelters for which somebody else has a log-in of their own."""

    administrator: Person
    supervisor: Person
    desk: Person
    phones: Mapping[UUID, Person]
    keys: Mapping[UUID, Key]
    holders: Mapping[UUID, Holder]
    minded: frozenset[UUID]
    # Whether there was a crew before this one: then an evening has begun here already.
    took_over: bool

    async def dismiss(self) -> None:
        """Disable the log-ins and revoke the keys: nobody needs them until the next evening."""
        found = await _accounts(self.administrator)
        for account in found:
            if account.login.startswith(MARK):
                await self.administrator.ask("PATCH", f"/accounts/{account.id}", object, {"disabled": True})
        await revoke_keys(self.administrator, self.holders)


class _Account(msgspec.Struct):
    id: UUID
    login: str
    role: str
    shelters: list[UUID]
    disabled_at: datetime | None


class _Accounts(msgspec.Struct):
    accounts: list[_Account]


async def hire(caller: Caller, administrator: Person, world: World) -> Crew:
    """Give the region's people log-ins and its programs keys; take again those of an evening before."""
    found = {account.login: account for account in await _accounts(administrator)}
    hiring = _Hiring(caller, administrator, found)
    phones: dict[UUID, Person] = {}
    for nth, shelters in enumerate(_shared(one.id for one in world.houses), start=1):
        person = await hiring.person(f"{MARK}{nth}", "staff", shelters)
        phones |= dict.fromkeys(shelters, person)
    holders = _holders(world)
    keys = await take_keys(administrator, caller, holders)
    others = [one for one in found.values() if one.role == "staff" and not one.login.startswith(MARK)]
    return Crew(
        administrator=administrator,
        supervisor=await hiring.person(f"{MARK}supervisor", "supervisor", ()),
        desk=await hiring.person(DESK, "desk", ()),
        phones=phones,
        keys={shelter: keys[id] for id, holder in holders.items() for shelter in holder.shelters},
        holders=holders,
        minded=frozenset(shelter for one in others if one.disabled_at is None for shelter in one.shelters),
        took_over=any(login.startswith(MARK) for login in found),
    )


class _Hiring:
    def __init__(self, caller: Caller, administrator: Person, found: Mapping[str, _Account]) -> None:
        self._caller = caller
        self._administrator = administrator
        self._found = found

    async def person(self, login: str, role: str, shelters: Iterable[UUID]) -> Person:
        password = secrets.token_urlsafe(24)
        said = {"role": role, "language": "fr", "password": password, "shelters": sorted(map(str, shelters))}
        account = self._found.get(login)
        if account is None:
            await self._administrator.ask("POST", "/accounts", object, said | {"login": login})
        else:
            await self._administrator.ask("PATCH", f"/accounts/{account.id}", object, said | {"disabled": False})
        return Person(self._caller, login, password)


async def _accounts(administrator: Person) -> list[_Account]:
    found: list[_Account] = []
    after = ""
    while page := (await administrator.ask("GET", f"/accounts{after}", _Accounts)).accounts:
        found += page
        after = f"?after={page[-1].login}"
    return found


def _shared(shelters: Iterable[UUID]) -> list[list[UUID]]:
    """Deal the shelters out, as to the people of a few teams."""
    every = list(shelters)
    count = min(len(every), max(_PHONES_MIN, -(-len(every) // _SHELTERS_EACH)))
    return [every[nth::count] for nth in range(count)]


def _holders(world: World) -> dict[UUID, Holder]:
    """Give every operator with software its key; where they are very many, one serves several."""
    by_operator: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for house in world.houses:
        if house.habit is Habit.FEED:
            by_operator[house.shelter.operator_id].add(house.id)
    groups: list[set[UUID]] = [set() for _ in range(min(len(by_operator), _KEYS_MAX))]
    for nth, shelters in enumerate(by_operator.values()):
        groups[nth % len(groups)] |= shelters
    holders = {}
    for nth, shelters in enumerate(groups):
        id = name(world.id, "software", nth)
        basis, lag_s = ("net", _LAG_S) if nth % 2 else ("physical", 0)
        holders[id] = Holder(id, f"{nth + 1} (invented)", shelters, "evening", basis, lag_s)
    return holders
