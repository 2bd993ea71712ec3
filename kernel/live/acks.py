"""Acks, read where they arrive: a screen says nothing else, and says it many times a second.

On their way through the server's own parser, its queue and a task, each would cost more than the frame it stands for,
so whole frames that are an ack are taken out in front of it. Everything else goes on to it, byte by byte as it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_PREFIX = b'{"t":"ack","to":'
_HEAD = 6
# A text frame that is whole, and one that is masked and short: what an ack always is.
_TEXT, _MASKED = 0x81, 0x80
_END, _ZERO = ord("}"), ord("0")
# No number of more than 15 digits here: the parser knows which of those are too large.
_SHORTEST, _LONGEST = len(_PREFIX) + 2, len(_PREFIX) + 16
_MASKS = _LONGEST // 4 + 1


class AckTap(asyncio.Protocol):
    """Stands before `inner`, the protocol of one connection, once its handshake is over."""

    __slots__ = ("_inner", "_on_ack", "_scan")

    def __init__(self, inner: asyncio.Protocol, on_ack: Callable[[int], None]) -> None:
        self._inner = inner
        self._on_ack = on_ack
        self._scan = Scan()

    def data_received(self, data: bytes) -> None:
        # Usually one ack and nothing else; what came together with something is left to the server's parser.
        to = read_ack(data) if self._scan.between else None
        if to is None:
            self._scan.follow(data)
            self._inner.data_received(data)
        else:
            self._on_ack(to)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


def read_ack(data: bytes) -> int | None:
    """Return what these bytes acknowledge, where they are one whole ack as JSON.stringify writes it."""
    size = len(data) - _HEAD
    if not _SHORTEST <= size <= _LONGEST or data[0] != _TEXT or data[1] - _MASKED != size:
        return None
    key = int.from_bytes((data[2:_HEAD] * _MASKS)[:size], "little")
    text = (int.from_bytes(data[_HEAD:], "little") ^ key).to_bytes(size, "little")
    number = text[len(_PREFIX) : -1]
    if not text.startswith(_PREFIX) or text[-1] != _END or not number.isdigit():
        return None
    return None if number[0] == _ZERO and size > _SHORTEST else int(number)


class Scan:
    """Where frames begin and end in what goes on to the server's parser."""

    __slots__ = ("_head", "_left")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0

    @property
    def between(self) -> bool:
        return not (self._left or self._head)

    def follow(self, data: bytes) -> None:
        at, size = 0, len(data)
        while at < size:
            if self._left:
                step = min(self._left, size - at)
                self._left -= step
                at += step
                continue
            head = self._head + data[at : at + 14 - len(self._head)]
            needed = _needed(head)
            if needed is None:
                self._head = head
                return
            length, payload = needed
            at += length - len(self._head)
            self._head = b""
            self._left = payload


def _needed(head: bytes) -> tuple[int, int] | None:
    """Return how long the head is and what follows it; None where more of it has to come."""
    if len(head) < 2:
        return None
    size, mask = head[1] & 0x7F, 4 if head[1] & 0x80 else 0
    extra = 2 if size == 126 else 8 if size == 127 else 0
    if len(head) < 2 + extra:
        return None
    payload = size if not extra else int.from_bytes(head[2 : 2 + extra], "big")
    return 2 + extra + mask, payload
