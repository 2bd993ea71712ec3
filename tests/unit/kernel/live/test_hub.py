"""The hub without servers: who is sent what, and what a masked audience may learn (I11)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any

import pytest

from kernel.ids import new_id
from kernel.journal import Head
from kernel.live.connection import Connection
from kernel.live.hub import Hub
from kernel.live.mirror import Mirror
from kernel.live.owing import PROMPT_S
from kernel.live.problems import BadAck, Restarting
from kernel.problems import Busy
from tests.integration.kernel.live.waiting import eventually
from tests.unit.kernel.live.playing import KINDS, LENS, Cable, History, board_of, body_of, connect, still

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
A, B, C = new_id(), new_id(), new_id()


class World:
    def __init__(self) -> None:
        self.history = History()
        self.mirror = Mirror(self.history.region_id)
        self.mirror.replace(self.history.head(), ())
        self.hub = Hub(self.mirror, LENS, lambda: NOW, KINDS, 15.0, clock_s=still)

    def write(self, **changes: Any) -> None:
        """`write(a=3, b=None)`: b is removed; `_b=5` writes B as a secret unit."""
        ids = {"a": A, "b": B, "c": C}
        self.mirror.apply(
            self.history.write(
                (
                    ids[name[-1]],
                    None if free is None else body_of(ids[name[-1]], free, secret=name.startswith("_"), owner=name[-1]),
                )
                for name, free in changes.items()
            )
        )

    def join(self, audience: Hashable, after: int | None = None, tick_ms: int = 100) -> tuple[Connection, Cable]:
        connection, cable = connect()
        self.hub.join(connection, audience, tick_ms, after, self.history.epoch)
        return connection, cable

    def settled(self, audience: Hashable) -> tuple[Connection, Cable]:
        """A screen that has its snapshot and has acknowledged it."""
        connection, cable = self.join(audience)
        self.hub.flush()
        frame = cable.take()
        assert frame is not None
        self.hub.acknowledge(connection, frame["seq"])
        return connection, cable


@pytest.fixture
def world() -> World:
    return World()


def test_a_tick_encodes_one_frame_for_all_who_are_up_to_date(world: World) -> None:
    world.write(a=1)
    seats = [world.settled("desk") for _ in range(10)]
    world.write(a=2)
    world.hub.flush()
    assert len({id(cable.written[-1]) for _, cable in seats}) == 1
    assert seats[0][1].frames[0]["units"][0]["free"] == 2


def test_what_a_screen_owes_is_bounded(world: World) -> None:
    world.write(a=1)
    connection, cable = world.settled("desk")
    for free in range(5):
        world.write(a=free)
        world.hub.flush()
    assert [frame["to"] for frame in cable.frames] == [2, 3]
    world.hub.acknowledge(connection, 3)
    world.hub.flush()
    last = cable.frames[-1]
    assert (last["from"], last["to"], last["units"][0]["free"]) == (3, 6, 4)


def test_an_ack_of_the_first_frame_makes_room_for_one(world: World) -> None:
    world.write(a=1)
    connection, cable = world.settled("desk")
    for free in range(4):
        world.write(a=free)
        world.hub.flush()
    world.hub.acknowledge(connection, 2)
    world.hub.flush()
    assert [(frame["from"], frame["to"]) for frame in cable.frames] == [(1, 2), (2, 3), (3, 5)]


def test_those_who_fell_behind_at_the_same_place_share_a_frame(world: World) -> None:
    world.write(a=1)
    seats = [world.settled("desk") for _ in range(3)]
    for free in range(3):
        world.write(a=free)
        world.hub.flush()
    for connection, _ in seats:
        world.hub.acknowledge(connection, 3)
    world.hub.flush()
    assert len({id(cable.written[-1]) for _, cable in seats}) == 1


def test_an_ack_from_the_future_is_refused(world: World) -> None:
    world.write(a=1)
    connection, _ = world.settled("desk")
    with pytest.raises(BadAck):
        world.hub.acknowledge(connection, 2)
    world.hub.acknowledge(connection, 1)
    world.hub.acknowledge(connection, 0)


def test_a_screen_that_does_not_take_its_frames_gets_no_beats_either(world: World) -> None:
    _, cable = world.settled("desk")
    for _ in range(20):
        world.hub.beat()
    assert len(cable.frames) <= 5


def test_a_beat_never_tells_a_screen_of_more_than_it_was_sent(world: World) -> None:
    world.write(a=1)
    _, cable = world.settled("desk")
    for free in range(4):
        world.write(a=free)
        world.hub.flush()
    world.hub.beat()
    assert (cable.frames[-1]["t"], cable.frames[-1]["to"]) == ("beat", 3)


def test_i11_an_invisible_change_sends_nothing_and_moves_no_number(world: World) -> None:
    world.write(a=1, _b=5)
    _, cable = world.settled("public")
    before = board_of(world.hub, "public")
    for free in (6, 7, 8):
        world.write(_b=free)
        world.hub.flush()
    assert cable.frames == []
    assert board_of(world.hub, "public") == before
    assert world.hub.head("public") == Head(world.history.epoch, 2)
    assert world.hub.head("desk").seq == 5


def test_i11_a_masked_audience_learns_the_head_by_a_beat(world: World) -> None:
    world.write(a=1, _b=5)
    _, cable = world.settled("public")
    world.write(_b=6)
    world.hub.beat()
    frame = cable.take()
    assert frame is not None
    assert (frame["t"], frame["to"]) == ("beat", 3)
    assert board_of(world.hub, "public").seq == 3
    world.write(a=2)
    world.hub.flush()
    frame = cable.take()
    assert frame is not None
    assert (frame["from"], frame["to"]) == (3, 4)


def test_i11_the_wire_seq_of_a_masked_unit_is_its_visible_seq(world: World) -> None:
    world.write(_b=5)
    world.write(_b=6)
    world.write(a=1)
    _, cable = world.join("public")
    world.hub.flush()
    (snapshot,) = cable.frames
    seqs = {unit["id"]: unit["seq"] for unit in snapshot["units"]}
    assert seqs == {str(A): 3, str(B): 1}


@pytest.mark.parametrize("after", [2, 3, 4, 5, 6])
def test_i11_guessing_a_seq_does_not_tell_where_the_head_is(world: World, after: int) -> None:
    """The head is 4, but a masked audience may only know 2: every other guess is answered alike."""
    world.write(a=1, _b=5)
    world.write(_b=6)
    world.write(_b=7)
    _, cable = world.join("public", after=after)
    world.hub.flush()
    assert cable.frames[0]["t"] == ("delta" if after <= 2 else "snapshot")


def test_i11_what_others_own_is_never_mentioned(world: World) -> None:
    world.write(a=1)
    _, cable = world.settled(("own", "a"))
    world.write(b=1, c=1)
    world.write(b=None)
    world.hub.flush()
    assert cable.frames == []
    world.write(a=2, c=2)
    world.hub.flush()
    (delta,) = cable.frames
    assert [unit["id"] for unit in delta["units"]] == [str(A)]
    assert "gone" not in delta


def test_i7_what_is_withdrawn_from_view_leaves_the_screen(world: World) -> None:
    """It is no tombstone, so a snapshot replaces the whole board."""
    world.write(a=1, b=1)
    _, cable = world.settled(("own", "a"))
    world.mirror.apply(world.history.write([(A, body_of(A, 1, owner="b"))]))
    world.hub.flush()
    (frame,) = cable.frames
    assert (frame["t"], frame["units"]) == ("snapshot", [])


def test_i7_what_comes_back_out_of_sight_leaves_a_screen_that_missed_its_removal(world: World) -> None:
    """Found by random histories: it owed two acks when the tombstone passed, and was never told."""
    world.write(a=1)
    connection, cable = world.settled(("own", "a"))
    for free in (2, 3, None):
        world.write(a=free)
        world.hub.flush()
    world.mirror.apply(world.history.write([(A, body_of(A, 1, owner="b"))]))
    world.hub.flush()
    world.hub.acknowledge(connection, 3)
    world.hub.flush()
    assert (cable.frames[-1]["t"], cable.frames[-1]["units"]) == ("snapshot", [])


def test_i7_what_is_withdrawn_while_a_screen_is_away_leaves_it_when_it_comes_back(world: World) -> None:
    world.write(a=1, b=1)
    connection, _ = world.settled(("own", "a"))
    world.hub.leave(connection)
    world.mirror.apply(world.history.write([(A, body_of(A, 1, owner="b"))]))
    _, cable = world.join(("own", "a"), after=connection.to)
    world.hub.flush()
    assert (cable.frames[0]["t"], cable.frames[0]["units"]) == ("snapshot", [])
    assert cable.frames[0]["seq"] >= connection.to


def test_another_epoch_gets_everybody_a_snapshot(world: World) -> None:
    world.write(a=1, b=1)
    connection, cable = world.settled("desk")
    world.history.restore(1)
    world.mirror.replace(world.history.head(), world.history.board().values())
    world.hub.flush()
    (frame,) = cable.frames
    assert (frame["t"], frame["epoch"], frame["seq"]) == ("snapshot", str(world.history.epoch), 1)
    world.hub.acknowledge(connection, 2)


def test_a_body_that_cannot_be_read_is_shown_to_nobody_and_stops_nobody(world: World) -> None:
    world.write(a=1)
    _, cable = world.settled("desk")
    world.mirror.apply(world.history.write([(B, b"rubbish"), (A, body_of(A, 2))]))
    world.hub.flush()
    (delta,) = cable.frames
    assert [unit["id"] for unit in delta["units"]] == [str(A)]


def test_a_tombstone_needs_no_body_and_poisons_nothing(world: World) -> None:
    """Journals hold tombstones without a body: whoever could see the subject drops it, and resumes as ever."""
    world.write(a=1, b=1, _c=5)
    seats = {audience: world.settled(audience) for audience in ("desk", "public", ("own", "a"), ("own", "b"))}
    told = {audience: connection.to for audience, (connection, _) in seats.items()}
    for gone in (A, C):
        world.mirror.apply(world.history.put(gone, b"{}", gone=True))
    world.hub.flush()
    gone_ids = {audience: [frame.get("gone") for frame in cable.frames] for audience, (_, cable) in seats.items()}
    assert gone_ids["desk"] == gone_ids["public"] == [[str(C), str(A)]]
    assert gone_ids["own", "a"] == [[str(A)]]
    assert gone_ids["own", "b"] == []
    for audience in ("desk", "public"):
        _, cable = world.join(audience, after=told[audience])
        world.hub.flush()
        assert (cable.frames[0]["t"], cable.frames[0]["gone"]) == ("delta", [str(C), str(A)])
        assert len(board_of(world.hub, audience).kinds["unit"]) == 1


def test_a_tombstone_of_which_nothing_else_is_known_is_told_to_all_but_who_sees_only_their_own(world: World) -> None:
    """So it is in a node that starts after the removal."""
    world.write(a=1)
    world.mirror.apply(world.history.put(B, b"{}", gone=True))
    _, cable = world.join("public", after=1)
    _, own = world.join(("own", "a"), after=1)
    world.hub.flush()
    assert (cable.frames[0]["t"], cable.frames[0]["gone"]) == ("delta", [str(B)])
    assert [frame["t"] for frame in own.frames] == ["snapshot"]


def test_what_can_be_read_again_is_shown_again(world: World) -> None:
    world.write(a=1, b=1)
    connection, cable = world.settled("desk")
    world.mirror.apply(world.history.put(B, b"rubbish"))
    world.hub.flush()
    frame = cable.take()
    assert frame is not None
    assert (frame["t"], [unit["id"] for unit in frame["units"]]) == ("snapshot", [str(A)])
    world.hub.acknowledge(connection, frame["seq"])
    world.mirror.apply(world.history.put(B, body_of(B, 4)))
    world.hub.flush()
    assert [unit["free"] for unit in cable.frames[0]["units"]] == [4]
    _, back = world.join("desk", after=2)
    world.hub.flush()
    assert back.frames[0]["t"] == "delta"


def test_an_ack_wakes_the_tick_when_only_the_epoch_has_changed(world: World) -> None:
    """The new epoch stands at the same seq: the screen that owed too much must not wait for the next change."""
    world.write(a=1)
    connection, cable = world.settled("desk")
    for free in (2, 3):
        world.write(a=free)
        world.hub.flush()
    assert connection.waits(0.0)
    world.history.epoch = new_id()
    world.mirror.replace(world.history.head(), world.history.board().values())
    pace = world.hub._paces[100]
    world.hub.flush()
    pace.wake.clear()
    world.hub.acknowledge(connection, 3)
    assert pace.wake.is_set()
    world.hub.flush()
    assert cable.frames[-1]["epoch"] == str(world.history.epoch)


async def test_who_lost_a_frame_is_sent_the_next_though_nothing_happens_any_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("hub", "owing"):
        monkeypatch.setattr(f"kernel.live.{module}.AGAIN_S", 0.4)
    monkeypatch.setattr("kernel.live.owing.LEAST_BYTES", 1)
    world.hub._clock_s = time.monotonic
    world.write(a=1)
    connection, cable = world.settled("desk")

    def told() -> list[int]:
        return [unit["free"] for frame in cable.frames if frame["t"] == "delta" for unit in frame["units"]]

    world.hub.start()
    world.write(a=2)
    await eventually(lambda: told() == [2])
    await asyncio.sleep(PROMPT_S + 0.02)
    assert connection.waits(time.monotonic())
    world.write(a=3)
    await eventually(lambda: told() == [2, 3])
    await world.hub.stop()


def test_who_takes_nothing_for_more_than_two_beats_is_let_go(world: World) -> None:
    """It may acknowledge what it never read: it knows the numbers from another connection."""
    world.write(a=1)
    peer, unread = world.settled("desk")
    slow, trickle = world.settled("desk")
    for free in range(8):
        world.write(a=free)
        world.hub.flush()
        for connection in (peer, slow):
            world.hub.acknowledge(connection, connection.to)
    for _ in range(4):
        world.hub.beat()
        trickle.take()
    assert unread.aborted
    assert peer not in world.hub._seats
    assert not trickle.aborted
    assert slow in world.hub._seats


def test_a_connection_that_never_ends_is_ended(world: World) -> None:
    """A transport that closes waits for its buffer to empty, for ever if nobody reads."""
    connection, cable = world.settled("desk")
    cable.closing = True
    for _ in range(2):
        world.hub.beat()
    assert connection in world.hub._seats
    world.hub.beat()
    assert cable.aborted
    assert connection not in world.hub._seats


async def test_who_comes_while_the_node_ends_is_sent_away(world: World) -> None:
    await world.hub.say_goodbye()
    with pytest.raises(Restarting):
        world.join("desk")


def test_before_the_first_board_a_reader_is_asked_to_wait() -> None:
    hub = Hub(Mirror(new_id()), LENS, lambda: NOW, KINDS, 15.0)
    connection, cable = connect()
    hub.join(connection, "desk", 100, None, None)
    hub.flush()
    hub.beat()
    assert cable.frames == []
    with pytest.raises(Busy):
        board_of(hub, "desk")


def test_a_board_is_filtered_without_changing_its_head(world: World) -> None:
    world.write(a=1, b=2)
    board = board_of(world.hub, "desk", lambda subject: subject.id == A)
    assert (board.seq, len(board.kinds["unit"])) == (2, 1)


def test_idle_views_are_dropped_and_those_in_use_are_kept(world: World) -> None:
    world.settled("desk")
    for number in range(100):
        world.hub.view(("own", str(number)))
    assert len(world.hub._views) <= 66
    assert "desk" in world.hub._views


async def test_a_board_that_takes_its_time_is_of_the_moment_of_the_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop runs other things after each subject: what changes, comes or goes meanwhile is not in it (I7)."""
    monkeypatch.setattr("kernel.live.view._PORTION", 1)
    monkeypatch.setattr("kernel.live.hub._SLICE_S", 0.0)
    world.write(a=1, b=2, _c=3)
    for audience in ("desk", "public", ("own", "c")):
        before = board_of(world.hub, audience)
        told = world.hub.view(audience).everything()
        assert before.kinds == told.kinds
        assert len(told) == (1 if audience == ("own", "c") else 3)
        asked = asyncio.create_task(world.hub.snapshot(audience))
        await asyncio.sleep(0)
        world.write(a=7, b=None, _c=9)
        assert await asked == before
        assert board_of(world.hub, audience) != before, "it would have shown"
        world.write(a=1, b=2, _c=3)
