from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from kernel.ids import new_id
from kernel.live.frames import Ack, Frame, Hello, Parts, Wire, beat, bye, delta, instant, parse, snapshot, stamp
from kernel.live.problems import BadMessage


@pytest.mark.parametrize(
    "body, stamped",
    [(b"{}", b'{"seq":7}'), (b'{"a":1}', b'{"seq":7,"a":1}'), (b' { "a": 1 }', b'{"seq":7,"a": 1 }')],
)
def test_the_seq_becomes_the_first_member(body: bytes, stamped: bytes) -> None:
    assert stamp(7, body) == stamped
    json.loads(stamped)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 100_000])
def test_a_frame_is_framed_as_rfc_6455_says(size: int) -> None:
    from websockets.frames import Frame as Reference
    from websockets.frames import Opcode

    payload = b"x" * size
    assert Frame("delta", payload).websocket == Reference(Opcode.TEXT, payload).serialize(mask=False)


def test_instants_are_utc_with_milliseconds() -> None:
    summer = timezone(timedelta(hours=2))
    assert instant(datetime(2026, 7, 1, 23, 30, 0, 123_456, tzinfo=summer)) == "2026-07-01T21:30:00.123Z"


def test_frames_are_json_with_the_members_of_the_protocol() -> None:
    now, epoch, gone = datetime(2026, 1, 1, tzinfo=UTC), new_id(), new_id()
    whole = Parts({"unit": [Wire(b'{"seq":1}')]}, [])
    assert json.loads(snapshot(epoch, 1, now, "redis", whole.arrays(("unit", "shelter"))).payload) == {
        "t": "snapshot",
        "epoch": str(epoch),
        "seq": 1,
        "now": "2026-01-01T00:00:00.000Z",
        "live": "redis",
        "units": [{"seq": 1}],
        "shelters": [],
    }
    assert json.loads(delta(1, 2, Parts({}, [gone])).payload) == {"t": "delta", "from": 1, "to": 2, "gone": [str(gone)]}
    assert json.loads(delta(1, 1, Parts({}, [])).payload) == {"t": "delta", "from": 1, "to": 1}
    assert json.loads(beat(now, 3, "lost").payload)["live"] == "lost"
    assert json.loads(bye("revoked", 'say "why"').payload) == {"t": "bye", "slug": "revoked", "why": 'say "why"'}


def test_what_a_screen_may_say() -> None:
    epoch = new_id()
    assert parse('{"t":"hello"}') == Hello()
    assert parse(f'{{"t":"hello","after":3,"epoch":"{epoch}","ticket":"x","later":1}}') == Hello(3, epoch, "x")
    assert parse('{"t":"ack","to":5}') == Ack(5)


@pytest.mark.parametrize(
    "text", ["", "null", "{}", '{"t":"ack"}', '{"t":"hello","after":-1}', '{"t":"ack","to":9007199254740992}', "\ud800"]
)
def test_what_it_may_not(text: str) -> None:
    with pytest.raises(BadMessage):
        parse(text)


def test_a_ticket_is_bounded() -> None:
    with pytest.raises(BadMessage):
        parse(msgspec.json.encode({"t": "hello", "ticket": "x" * 513}).decode())
