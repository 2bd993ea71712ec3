"""What a sweep needs of a region: a lane, the database's clock, and leave to go by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.region import Region
from kernel.lane import Lane
from kernel.postgres import Pool
from kernel.settings import Settings
from tests.integration.inventory.acting import BRUSSELS
from tests.integration.orientation.conftest import Desk


@dataclass(slots=True)
class Watch:
    sweeps_allowed: bool = True


@dataclass(slots=True)
class Swept:
    id: UUID
    pool: Pool
    lane: Lane
    settings: Settings = field(default_factory=Settings)
    zone: ZoneInfo = BRUSSELS
    watch: Watch = field(default_factory=Watch)

    async def trusts_clock(self) -> bool:
        return self.watch.sweeps_allowed


def swept(desk: Desk, lane: Lane | None = None, **more: Any) -> Swept:
    return Swept(desk.region_id, desk.pool, lane or desk.lane, **more)


async def sweep(region: Swept, *looks: Callable[[Region], Awaitable[None]]) -> None:
    for look in looks:
        await look(cast("Region", region))
