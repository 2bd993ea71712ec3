"""A pen's bound: small frames in their thousands are not looked at each, and yet nobody lets them lie for ever."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from kernel.live.connection import Connection
from kernel.live.frames import Frame
from kernel.live.pens import TransportPen
from tests.unit.kernel.live.playing import somebody


class _Trickling:
    """A transport whose other side takes one byte between any two beats."""

    def __init__(self) -> None:
        self.lying = 0
        self.aborted = False

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return self.lying

    def write(self, data: bytes) -> None:
        self.lying += len(data)

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize("size, at_once", [(3_000, False), (30_000, True)])
def test_who_acknowledges_what_it_does_not_take_is_let_go_at_the_latest_by_the_next_beat(
    monkeypatch: pytest.MonkeyPatch, size: int, at_once: bool
) -> None:
    monkeypatch.setattr("kernel.live.pens._FULL_BYTES", 1_000_000)
    transport = _Trickling()
    pen = TransportPen(cast("Any", None), cast("Any", SimpleNamespace(transport=transport, close_sent=False)))
    connection = Connection(pen, somebody())
    for _ in range(1_200_000 // size):
        pen.write(Frame("delta", b"x" * size))
        if transport.lying <= 1_000_000:
            transport.lying -= 1
            assert not connection.is_stuck()
    assert transport.aborted == at_once
    assert connection.is_stuck()
