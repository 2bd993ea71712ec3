"""`halte verify` finds requests and placements that do not follow their holds."""

from __future__ import annotations

import pytest

from inventory.verifying import verify_region
from orientation.verifying import verify_orientation
from tests.integration.orientation.conftest import Desk

SPOILT = {
    "an open hold that its request does not name": (
        "UPDATE request SET state = 'waiting', placement_id = NULL",
        "open holds of a request that is waiting",
    ),
    "a closed request whose hold is open": (
        "UPDATE request SET state = 'closed', outcome = 'withdrawn', closed_at = now(), placement_id = NULL",
        "open holds of a request that is closed",
    ),
    "a placement that ended and still holds": (
        "UPDATE placement SET state = 'ended', ending = 'declined', ended_at = now()",
        "placement (request, unit, end)",
    ),
    "people who arrived nowhere": (
        "UPDATE request SET state = 'closed', outcome = 'arrived', closed_at = now(), placement_id = NULL",
        "placements of a request that arrived",
    ),
    "people who are inside and wait": (
        "UPDATE placement SET state = 'ended', ending = 'arrived', ended_at = now()",
        "placements that arrived of a request that is held",
    ),
    "a version that nobody was told of": ("UPDATE placement SET version = 7", "journalled version of a placement"),
}


@pytest.mark.parametrize("name", SPOILT)
async def test_what_was_spoilt_is_found(desk: Desk, name: str) -> None:
    unit_id = await desk.unit()
    await desk.report(unit_id, 5)
    await desk.place(await desk.ask(), unit_id)
    spoil, what = SPOILT[name]
    desk.broken = True
    await desk.pool.execute(spoil)
    found = await verify_region(desk.pool, None, desk.region_id)
    await verify_orientation(desk.pool, desk.region_id, found)
    assert what in {difference.what for difference in found.differences}
