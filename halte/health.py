"""Health: is the process alive, is it ready. Open: load balancers have no account."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec

from inventory.region import Region
from kernel.access.policies import OPEN
from kernel.journal import Head
from kernel.live.truth import POSTGRES_AWAY
from kernel.postgres import Pool
from kernel.redis import REDIS_AWAY, RedisLinks

_ASK_S = 1.0
_HEADS = "SELECT id, epoch, seq FROM region"


class AliveView(msgspec.Struct):
    status: str


class LaneStanding(msgspec.Struct):
    """The way of all writes. `running` is false while it is down after a crash; `queued` is what waits for it."""

    running: bool
    queued: int


class BoardStanding(msgspec.Struct):
    """`live` is where this node has the region's board from.

    `lag` is how many changes of the journal it lacks: null where that cannot be known, because Postgres does not answer
    or this node has no board of the journal's epoch.
    """

    live: str
    lag: int | None
    lane: LaneStanding


class ClockStanding(msgspec.Struct):
    """`sweeps` is false while the database's clock has jumped and nobody has looked: no time passes then.

    `apart_s` is how far this machine's own clock, by which nothing goes, is ahead of the database's.
    """

    sweeps: bool
    apart_s: float


class ReadyView(msgspec.Struct):
    status: str
    postgres: bool
    redis: bool
    clock: ClockStanding
    boards: dict[str, BoardStanding]


_ALIVE = {200: ResponseSpec(AliveView, generate_examples=False)}
_READY = {status: ResponseSpec(ReadyView, generate_examples=False) for status in (200, 503)}


@get("/healthz", opt={"policy": OPEN}, responses=_ALIVE, summary="Is the process alive", sync_to_thread=False)
def healthz() -> Response[bytes]:
    return Response(b'{"status":"alive"}', media_type="application/json")


@get("/readyz", opt={"policy": OPEN}, responses=_READY, summary="Is the node ready for requests")
async def readyz(request: Request[Any, Any, Any]) -> Response[bytes]:
    """200 where Postgres answers and every lane runs. Without Redis a node still serves (I6), and says so."""
    state = request.app.state
    heads, redis = await asyncio.gather(_ask_postgres(state.pool), _ask_redis(state.links))
    regions: list[Region] = state.regions.all()
    boards = {str(region.id): _standing(region, (heads or {}).get(region.id)) for region in regions}
    ready = heads is not None and all(board.lane.running for board in boards.values())
    clock = ClockStanding(state.watch.sweeps_allowed, round(state.clock.apart_s, 3))
    view = ReadyView("ready" if ready else "unready", heads is not None, redis, clock, boards)
    return Response(msgspec.json.encode(view), status_code=200 if ready else 503, media_type="application/json")


def _standing(region: Region, journal: Head | None) -> BoardStanding:
    board = region.live.mirror.head
    known = journal is not None and board is not None and board.epoch == journal.epoch
    # The board may be ahead of what was asked a moment ago.
    lag = max(0, journal.seq - board.seq) if known and journal and board else None
    return BoardStanding(region.live.mirror.source, lag, LaneStanding(region.lane.running, region.lane.depth))


async def _ask_postgres(pool: Pool) -> dict[UUID, Head] | None:
    """Return where each region's journal ends; None where Postgres gives no answer in time, or no connection."""
    try:
        async with asyncio.timeout(_ASK_S), pool.acquire(timeout=_ASK_S) as connection:
            rows = await connection.fetch(_HEADS)
    except POSTGRES_AWAY:
        return None
    return {row["id"]: Head(row["epoch"], row["seq"]) for row in rows}


async def _ask_redis(links: RedisLinks | None) -> bool:
    if links is None:
        return False
    try:
        async with asyncio.timeout(_ASK_S):
            await links.quick.ping()
    except REDIS_AWAY:
        return False
    return True
