"""The end of the clients of Redis: whatever becomes of one, the others end too, and so does the node."""

from __future__ import annotations

from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from kernel.redis import RedisLinks


class _Client:
    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self.closed = False

    async def aclose(self) -> None:
        self.closed = True
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize("error", [RedisTimeoutError("Timed out closing connection"), ConnectionResetError()])
async def test_one_that_does_not_end_in_time_keeps_nothing_from_ending(error: Exception) -> None:
    clients = _Client(error), _Client(), _Client()
    await RedisLinks(*(cast("Redis", client) for client in clients)).close()
    assert all(client.closed for client in clients)
