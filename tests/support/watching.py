"""A screen over a real websocket that follows through everything: reconnects, resumes, fetches the board when told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.support.estate import NO_TLS
from tests.unit.kernel.live.playing import KINDS, Gap, Screen

_PAUSE_S = 0.1
_OPEN_S = 5.0
# A beat comes every 15 s: a connection that is silent for longer is dead without saying so.
_SILENT_S = 20.0


def by_id(board: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the subjects of a board as a screen keeps them."""
    return {item["id"]: item for kind in KINDS for item in board[f"{kind}s"]}


class LiveScreen:
    """`screen` is what it shows. Counts what happened to it, for whoever asks."""

    def __init__(self, address: str, headers: Mapping[str, str], path: str = "/live/board") -> None:
        self.screen = Screen()
        self.connects = self.gaps = self.resyncs = self.snapshots = 0
        self._address = address
        self._path = path
        self._headers = headers
        self._path = path
        self.ended: list[str] = []
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._follow_once()
            except Gap:
                self.gaps += 1
            except (WebSocketException, httpx.HTTPError, OSError, TimeoutError) as error:
                self.ended.append(repr(error))
            await asyncio.sleep(_PAUSE_S)

    async def until(self, shows: Callable[[Screen], bool], within_s: float) -> None:
        """Return when the screen shows it."""
        try:
            async with asyncio.timeout(within_s):
                while not shows(self.screen):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pytest.fail(f"not shown in {within_s} s; at {self.screen.to}, {self.screen.live}, {self.ended[-3:]}")

    async def fetch_board(self) -> dict[str, Any]:
        async with httpx.AsyncClient(headers=self._headers, timeout=_OPEN_S, verify=NO_TLS) as client:
            answer = await client.get(f"{self._address}/api/v1/board")
        board: dict[str, Any] = answer.raise_for_status().json()
        return board

    async def _follow_once(self) -> None:
        address = self._address.replace("http://", "ws://") + self._path
        async with connect(
            address,
            subprotocols=[Subprotocol("halte.v1")],
            additional_headers=self._headers,
            compression=None,
            open_timeout=_OPEN_S,
            close_timeout=1.0,
            max_size=None,
        ) as connection:
            self.connects += 1
            await self._say_hello(connection)
            while True:
                async with asyncio.timeout(_SILENT_S):
                    frame = json.loads(await connection.recv())
                await self._take(connection, frame)

    async def _say_hello(self, connection: ClientConnection) -> None:
        hello = {"t": "hello", "after": self.screen.to, "epoch": self.screen.epoch}
        await connection.send(json.dumps(hello))

    async def _take(self, connection: ClientConnection, frame: dict[str, Any]) -> None:
        self.snapshots += frame["t"] == "snapshot"
        ack = self.screen.hear(frame)
        self.screen.heard.clear()
        self._news.set()
        if ack is not None:
            await connection.send(json.dumps({"t": "ack", "to": ack}))
        if self.screen.wants_board:
            self.resyncs += 1
            board = await self.fetch_board()
            self.screen.wants_board = False
            self.screen.epoch, self.screen.to, self.screen.board = board["epoch"], board["seq"], by_id(board)
            await self._say_hello(connection)


@asynccontextmanager
async def watched(*screens: LiveScreen) -> AsyncIterator[None]:
    """Let screens follow for as long as the block lasts, each from its first snapshot on.

    Whatever a node or its servers go through, what it sends continues what it was told: a gap is a fault (I7).
    """
    tasks = [asyncio.create_task(screen.run()) for screen in screens]
    try:
        for screen in screens:
            await screen.until(lambda shown: shown.to is not None, 10)
        yield
        for task, screen in zip(tasks, screens, strict=True):
            assert not task.done(), task.exception()
            assert screen.gaps == 0
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
