"""Watching: GET /metrics, for whoever brings the token, and what is looked up when it is asked.

Numbers only: regions are named by their ids, nobody and no shelter is (I9, I11).
"""

from __future__ import annotations

import asyncio
import math
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.openapi.datastructures import ResponseSpec
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from sqlalchemy.pool import QueuePool

from halte import VERSION
from inventory.region import Region
from kernel.access.policies import OPEN
from kernel.access.schemas import refusals
from kernel.clock import ShownClock
from kernel.live.truth import POSTGRES_AWAY
from kernel.postgres import COLD_SLOTS
from kernel.problems import NotFound
from kernel.settings import Settings
from orientation.moving_on import must_move
from orientation.placement_records import promised_in_vain

# What Prometheus waits for is ten times as long.
_ASK_S = 1.0

_BUILD = Gauge("halte_build_info", "1; the version is in the label", ["version"])
_SILENT = Gauge("halte_postgres_silent_seconds", "Since Postgres last told the time, as it does each second")
_TAKEN = Gauge("halte_postgres_slots_taken", "Connections to Postgres in use", ["pool"])
_SLOTS = Gauge("halte_postgres_slots", "Connections to Postgres that may be in use at once", ["pool"])
_BACKUP = Gauge("halte_backup_timestamp_seconds", "When the newest backup was finished; 0: there is none")
_UNITS = Gauge("halte_units", "Units that are not closed", ["region"])
_TROUBLES = Gauge("halte_units_in_trouble", "Those silent, stuck or overcommitted", ["region", "trouble"])
_MUST_MOVES = Gauge("halte_must_moves", "Placements that cannot be kept where they were made", ["region"])
_LANE = Gauge("halte_lane_running", "0 while the lane is down after a crash", ["region"])

# Litestar names the charset itself.
_TYPE = CONTENT_TYPE_LATEST.partition("; charset")[0]
_RESPONSES = {200: ResponseSpec(str, media_type=_TYPE, generate_examples=False)} | refusals(NotFound)


@get("/metrics", opt={"policy": OPEN}, responses=_RESPONSES, summary="Prometheus metrics, with HALTE_METRICS_TOKEN")
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """For others than the token's bearer it is not there."""
    state = request.app.state
    if not admits(state.settings.metrics_token, request.headers.get("authorization")):
        raise NotFound
    _look_here(state)
    await asyncio.gather(*(_look_at(region, state.clock.now()) for region in state.regions.all()))
    return Response(generate_latest(), media_type=_TYPE)


def admits(token: str | None, authorization: str | None) -> bool:
    """Tell whether it is the token's bearer who asks; where there is no token nobody is."""
    scheme, _, brought = (authorization or "").partition(" ")
    return token is not None and scheme.lower() == "bearer" and secrets.compare_digest(brought.encode(), token.encode())


def _look_here(state: State) -> None:
    settings: Settings = state.settings
    clock: ShownClock = state.clock
    _BUILD.labels(VERSION).set(1)
    _SILENT.set(clock.silent_s)
    pool, cold = state.pool, state.access.engine.pool
    _TAKEN.labels("lane").set(pool.get_size() - pool.get_idle_size())
    _SLOTS.labels("lane").set(pool.get_max_size())
    if isinstance(cold, QueuePool):
        _TAKEN.labels("cold").set(cold.checkedout())
        _SLOTS.labels("cold").set(COLD_SLOTS)
    _BACKUP.set(math.nan if settings.backup_dir is None else newest_backup(settings.backup_dir))


def newest_backup(folder: Path) -> float:
    """Return when the newest dump was finished. The job gives it its name once it is whole."""
    return max((file.stat().st_mtime for file in folder.glob("*.dump")), default=0.0)


async def _look_at(region: Region, now: datetime) -> None:
    id = str(region.id)
    counts = region.troubles.count(now)
    _UNITS.labels(id).set(counts.units)
    for trouble in ("silent", "stuck", "overcommitted"):
        _TROUBLES.labels(id, trouble).set(getattr(counts, trouble))
    _LANE.labels(id).set(region.lane.running)
    try:
        # The bound of acquiring is that of giving back, too, which a connection that is silent would drag out.
        async with asyncio.timeout(_ASK_S), region.pool.acquire(timeout=_ASK_S) as connection:
            promised = await promised_in_vain(connection, region.id)
    except POSTGRES_AWAY:
        # It cannot be known, and 0 would look well.
        _MUST_MOVES.labels(id).set(math.nan)
    else:
        _MUST_MOVES.labels(id).set(len(must_move(one.promise for one in promised)))
