"""Health: is the process alive, is it ready, what do its numbers say. Open: load balancers have no account."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kernel.access.policies import OPEN
from kernel.live.truth import POSTGRES_AWAY
from kernel.postgres import Pool
from kernel.redis import REDIS_AWAY, RedisLinks

_ASK_S = 1.0


class AliveView(msgspec.Struct):
    status: str


class BoardStanding(msgspec.Struct):
    """`live` is where this node has the region's board from; `lag` how many changes of the journal it lacks."""

    live: str
    lag: int


class ReadyView(msgspec.Struct):
    status: str
    postgres: bool
    redis: bool
    boards: dict[str, BoardStanding]


_ALIVE = {200: ResponseSpec(AliveView, generate_examples=False)}
_READY = {status: ResponseSpec(ReadyView, generate_examples=False) for status in (200, 503)}
# Litestar names the charset itself.
_METRICS_TYPE = CONTENT_TYPE_LATEST.partition("; charset")[0]
_METRICS = {200: ResponseSpec(str, media_type=_METRICS_TYPE, generate_examples=False)}


@get("/healthz", opt={"policy": OPEN}, responses=_ALIVE, summary="Is the process alive", sync_to_thread=False)
def healthz() -> Response[bytes]:
    return Response(b'{"status":"alive"}', media_type="application/json")


@get("/readyz", opt={"policy": OPEN}, responses=_READY, summary="Is the node ready for requests")
async def readyz(request: Request[Any, Any, Any]) -> Response[bytes]:
    """200 where Postgres answers. Without Redis a node still serves (I6), and says so."""
    state = request.app.state
    postgres, redis = await asyncio.gather(_asks_postgres(state.pool), _asks_redis(state.links))
    heads = await _heads(state.pool) if postgres else {}
    boards = {
        str(region.id): {"live": standing.source, "lag": max(0, heads.get(region.id, 0) - (standing.seq or 0))}
        for region in state.regions.all()
        for standing in (region.live.standing(),)
    }
    body = {"status": "ready" if postgres else "unready", "postgres": postgres, "redis": redis, "boards": boards}
    return Response(msgspec.json.encode(body), status_code=200 if postgres else 503, media_type="application/json")


@get("/metrics", opt={"policy": OPEN}, responses=_METRICS, summary="Prometheus metrics", sync_to_thread=False)
def metrics() -> Response[bytes]:
    return Response(generate_latest(), media_type=_METRICS_TYPE)


async def _asks_postgres(pool: Pool) -> bool:
    try:
        await pool.fetchval("SELECT 1", timeout=_ASK_S)
    except POSTGRES_AWAY:
        return False
    return True


async def _heads(pool: Pool) -> dict[UUID, int]:
    """Return how far each region's journal is; nothing where Postgres went away just now."""
    try:
        return {row["id"]: row["seq"] for row in await pool.fetch("SELECT id, seq FROM region", timeout=_ASK_S)}
    except POSTGRES_AWAY:
        return {}


async def _asks_redis(links: RedisLinks | None) -> bool:
    if links is None:
        return False
    try:
        async with asyncio.timeout(_ASK_S):
            await links.quick.ping()
    except REDIS_AWAY:
        return False
    return True
