"""Acks are taken out in front of the server's parser, and nothing else is: however the bytes arrive."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import SERVER, Protocol

from kernel.live.acks import AckTap

ACK = '{"t":"ack","to":%d}'


class Parser(asyncio.Protocol):
    """The server's own, of which we keep what it was handed."""

    def __init__(self) -> None:
        self.conn = Protocol(SERVER)

    def data_received(self, data: bytes) -> None:
        self.conn.receive_data(data)

    def heard(self) -> list[str]:
        return [bytes(frame.data).decode() for frame in self.conn.events_received() if isinstance(frame, Frame)]


def wire(text: str, opcode: Opcode = Opcode.TEXT) -> bytes:
    return Frame(opcode, text.encode()).serialize(mask=True)


def feed(chunks: list[bytes]) -> tuple[list[int], list[str]]:
    acks: list[int] = []
    parser = Parser()
    tap = AckTap(parser, acks.append)
    for chunk in chunks:
        tap.data_received(chunk)
    return acks, parser.heard()


@pytest.mark.parametrize("to", [0, 7, 123_456, 10**14])
def test_an_ack_alone_is_taken_out(to: int) -> None:
    assert feed([wire(ACK % to)]) == ([to], [])


@pytest.mark.parametrize(
    "text",
    [
        '{"to":7,"t":"ack"}',
        '{"t":"ack","to":-7}',
        '{"t":"ack","to":007}',
        '{"t":"ack","to":}',
        '{"t":"ack","to":7.0}',
        '{"t":"ack","to":7]',
        '{"t":"ack","to":٣}',
        ACK % 2**53,
        ACK % 10**30,
        '{"t":"hello"}',
        "",
        "x" * 200,
    ],
)
def test_whatever_is_not_written_like_one_is_for_the_parser(text: str) -> None:
    assert feed([wire(text)]) == ([], [text])
    assert feed([wire(text), wire(ACK % 7)]) == ([7], [text])


def test_a_ping_or_bytes_are_no_ack() -> None:
    for opcode in (Opcode.PING, Opcode.BINARY):
        assert feed([wire(ACK % 7, opcode)])[0] == []


texts = st.integers(0, 99).map(lambda to: ACK % to) | st.text(max_size=300) | st.just("y" * 70_000)


@given(st.lists(texts, max_size=8), st.lists(st.integers(0, 80_000), max_size=12))
@example([ACK % 1, "y" * 70_000, ACK % 2], [3, 30, 31, 32])
def test_nothing_is_lost_wherever_the_bytes_are_cut(texts: list[str], cuts: list[int]) -> None:
    stream = b"".join(map(wire, texts))
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    acks, heard = feed([stream[one:other] for one, other in pairwise(edges)])
    said = acks + [json.loads(text)["to"] for text in heard if text.startswith('{"t":"ack"')]
    assert sorted(said) == sorted(json.loads(text)["to"] for text in texts if text.startswith('{"t":"ack"'))
    assert [text for text in heard if not text.startswith('{"t":"ack"')] == [
        text for text in texts if not text.startswith('{"t":"ack"')
    ]
