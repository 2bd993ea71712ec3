"""The writer of a region where people are oriented: the inventory's batch, with requests and placements in it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from inventory.lane.loading import Touches
from inventory.lane.reading import Found
from inventory.lane.working import Working
from inventory.lane.writer import InventoryWriter
from kernel.postgres import Connection
from orientation.lane.flushing import flush
from orientation.lane.loading import concerns, load_records
from orientation.lane.records import Records
from orientation.lane.settling import settle
from orientation.model.policy import OrientationPolicy
from orientation.store import newest_policy, read_policy


class OrientationWriter(InventoryWriter):
    """A batch that names no request, placement or act is the inventory's alone, and costs what it did."""

    def __init__(self, region_id: UUID, zone: ZoneInfo) -> None:
        super().__init__(region_id, zone)
        self._orientation = OrientationPolicy()

    async def load(
        self,
        connection: Connection,
        touches: Touches,
        holds: Sequence[asyncpg.Record],
        found: Found,
        working: Working,
    ) -> None:
        await super().load(connection, touches, holds, found, working)
        if not concerns(touches):
            return
        records = Records(await self._rules(connection, working.region_id))
        await load_records(connection, touches, holds, working, records)
        working.beside = records

    def settle(self, working: Working) -> None:
        super().settle(working)
        if isinstance(working.beside, Records):
            settle(working, working.beside)

    async def flush(self, connection: Connection, working: Working) -> None:
        # Its holds are there before the placements that have their ids.
        await super().flush(connection, working)
        if isinstance(working.beside, Records):
            await flush(connection, working.beside)

    async def _rules(self, connection: Connection, region_id: UUID) -> OrientationPolicy:
        if await newest_policy(connection, region_id) != self._orientation.id:
            self._orientation = await read_policy(connection, region_id)
        return self._orientation
