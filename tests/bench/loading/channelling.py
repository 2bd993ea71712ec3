"""Litestar's Channels plugin on Redis: each update published once. PORT UPDATES_PER_S UNITS STATE_BYTES REDIS_URL."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from litestar import Litestar
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.redis import RedisChannelsPubSubBackend
from redis.asyncio import Redis

from tests.bench.loading.feeding import Feed


def main() -> None:
    port, per_s, units, state_bytes = (int(one) for one in sys.argv[1:5])
    feed = Feed(per_s, units, state_bytes)
    backend = RedisChannelsPubSubBackend(redis=Redis.from_url(sys.argv[5]))
    channels = ChannelsPlugin(backend, channels=["board"], create_ws_route_handlers=True, ws_handler_base_path="/")

    @asynccontextmanager
    async def running(_app: Litestar) -> AsyncIterator[None]:
        feed.obey()
        task = asyncio.create_task(feed.run(lambda: True, lambda text: channels.publish(text, "board")))
        yield
        task.cancel()

    app = Litestar(plugins=[channels], lifespan=[running], openapi_config=None, logging_config=None)
    uvicorn.run(
        app, host="127.0.0.1", port=port, ws="websockets-sansio", loop="uvloop", log_level="warning",
        ws_per_message_deflate=False, lifespan="on", backlog=4096,
    )  # fmt: skip


if __name__ == "__main__":
    main()
