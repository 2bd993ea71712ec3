"""Rationing: whoever tries in vain to hold at secret shelters learns what is free there, and gets few tries (I11)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from inventory.region import Region
from kernel.access.problems import TooManyAttempts
from kernel.ids import new_id
from orientation.noting import REFUSED, Note
from orientation.placement_records import placements_by_id
from orientation.placing import Place
from orientation.problems import UnknownRequest
from orientation.store import secret_units, tries_in_vain

# So many tries in so long, then no more for a while.
_IN_VAIN_MAX = 5
_IN_VAIN_S = 600


async def ration(region: Region, actor_id: UUID, works: Sequence[Place]) -> None:
    """Refuse whoever has tried too often in vain."""
    if not await secret_units(region.pool, region.id, [work.unit_id for work in works]):
        return
    if await tries_in_vain(region.pool, region.id, actor_id, REFUSED, _IN_VAIN_S) < _IN_VAIN_MAX:
        return
    # Whoever asks again what became of theirs is told, however often they have tried elsewhere (I10).
    if len(await placements_by_id(region.pool, region.id, [work.id for work in works])) < len(works):
        raise TooManyAttempts(_IN_VAIN_S)


async def note_in_vain(region: Region, actor_id: UUID, works: Sequence[Place]) -> None:
    """Write down that somebody tried in vain, where it was at a secret shelter."""
    secret = await secret_units(region.pool, region.id, [work.unit_id for work in works])
    for work in (one for one in works if one.unit_id in secret):
        note = Note(new_id(), actor_id, REFUSED, work.request_id, facts={"unit": str(work.unit_id)})
        with suppress(UnknownRequest):  # then it was not asked whether the place is there
            await region.lane.submit(note)
