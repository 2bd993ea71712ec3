"""One machine key per operator, for its shelters alone; taken again after an interruption, revoked at the end.

Secrets are never written down: a replay that goes on gives the keys it finds new ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from halte.visiting.calling import Asker, Caller, Key

VERBS = ("report", "close", "read")
_NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class Holder:
    """An operator and the shelters its key is for. `purpose` keeps the keys of a replay and of others apart."""

    id: UUID
    name: str
    shelters: AbstractSet[UUID]
    purpose: str = "replay"
    basis: str = "physical"
    settle_lag_s: int = 0

    @property
    def mark(self) -> str:
        """What the names of this operator's keys for the purpose begin with."""
        return f"{self.purpose} {self.id}"

    @property
    def key_name(self) -> str:
        return f"{self.mark} {self.name}"[:_NAME_MAX].strip()


class _Listed(msgspec.Struct):
    id: UUID
    name: str
    verbs: list[str]
    shelters: list[UUID]
    revoked_at: datetime | None
    basis: str = "physical"
    settle_lag_s: int = 0

    def serves(self, holder: Holder) -> bool:
        counts_alike = (self.basis, self.settle_lag_s) == (holder.basis, holder.settle_lag_s)
        return counts_alike and set(self.verbs) == set(VERBS) and set(self.shelters) == set(holder.shelters)


class _Page(msgspec.Struct):
    keys: list[_Listed]


class _Made(msgspec.Struct):
    secret: str


async def take_keys(administrator: Asker, caller: Caller, holders: Mapping[UUID, Holder]) -> dict[UUID, Key]:
    """Give every operator a working key: one of an earlier run where it fits, a new one otherwise."""
    live = await _live_keys(administrator)

    async def take(holder: Holder) -> Key:
        own = [key for key in live if key.name.startswith(holder.mark)]
        kept = next((key for key in own if key.serves(holder)), None)
        for key in own:
            if key is not kept:
                await _revoke(administrator, key)
        return Key(caller, await (_renew(administrator, kept) if kept else _make(administrator, holder)))

    keys = await asyncio.gather(*map(take, holders.values()))
    return dict(zip(holders, keys, strict=True))


async def revoke_keys(administrator: Asker, holders: Mapping[UUID, Holder]) -> None:
    marks = tuple(holder.mark for holder in holders.values())
    live = await _live_keys(administrator)
    await asyncio.gather(*(_revoke(administrator, key) for key in live if key.name.startswith(marks)))


async def _live_keys(administrator: Asker) -> list[_Listed]:
    live: list[_Listed] = []
    after = ""
    while page := (await administrator.ask("GET", f"/keys{after}", _Page)).keys:
        live += [key for key in page if key.revoked_at is None]
        after = f"?after={page[-1].id}"
    return live


async def _make(administrator: Asker, holder: Holder) -> str:
    body = {
        "name": holder.key_name,
        "verbs": VERBS,
        "shelters": sorted(map(str, holder.shelters)),
        "basis": holder.basis,
        "settle_lag_s": holder.settle_lag_s,
    }
    return (await administrator.ask("POST", "/keys", _Made, body)).secret


async def _renew(administrator: Asker, key: _Listed) -> str:
    return (await administrator.ask("POST", f"/keys/{key.id}/rotate", _Made, {"old": "end"})).secret


async def _revoke(administrator: Asker, key: _Listed) -> None:
    await administrator.ask("DELETE", f"/keys/{key.id}", object)
