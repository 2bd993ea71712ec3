"""Waiting for what must happen, with a bound."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def eventually(condition: Callable[[], Any], within_s: float = 5.0) -> float:
    """Wait until `condition()` (or what it awaits) is true; return how long that took."""
    started = time.monotonic()
    while True:
        answer = condition()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return time.monotonic() - started
        assert time.monotonic() - started < within_s, "it did not happen in time"
        await asyncio.sleep(0.01)
