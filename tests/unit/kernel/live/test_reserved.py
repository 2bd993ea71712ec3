"""What is reserved: its circles follow it like anything else, and nobody else can tell that it exists (I11)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from kernel.ids import new_id
from kernel.live.connection import Connection
from kernel.live.hub import Hub
from kernel.live.mirror import Mirror
from kernel.live.shelves import Shelf
from tests.unit.kernel.live.playing import KINDS, LENS, NOTE, Cable, History, board_of, body_of, connect, note_of, still

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
UNIT, N, M = new_id(), new_id(), new_id()
OUTSIDERS: Sequence[Hashable] = ("desk", "public", ("own", "a"), ("phone", "b"))


class World:
    def __init__(self) -> None:
        self.history = History()
        self.mirror = Mirror(self.history.region_id, passing=[NOTE])
        self.mirror.replace(self.history.head(), ())
        self.hub = Hub(self.mirror, LENS, lambda: NOW, KINDS, 15.0, clock_s=still)
        self.unit(1)

    def unit(self, free: int) -> None:
        self.mirror.apply(self.history.write([(UNIT, body_of(UNIT, free))]))

    def note(self, text: int | None, *circles: str, id: Any = N) -> None:
        """Write a note; no text removes it."""
        body = None if text is None else note_of(id, text, *circles)
        self.mirror.apply(self.history.write([(id, body)], NOTE))

    def join(self, audience: Hashable, after: int | None = None) -> tuple[Connection, Cable]:
        connection, cable = connect()
        self.hub.join(connection, audience, 100, after, self.history.epoch)
        return connection, cable

    def settled(self, audience: Hashable) -> tuple[Connection, Cable]:
        connection, cable = self.join(audience)
        self.hub.flush()
        frame = cable.take()
        assert frame is not None
        self.hub.acknowledge(connection, frame["seq"])
        return connection, cable


@pytest.fixture
def world() -> World:
    return World()


def test_its_circles_hear_of_it_as_of_anything_else(world: World) -> None:
    seats = {audience: world.settled(audience)[1] for audience in ("insiders", ("phone", "a"))}
    world.note(1, "in", "a")
    world.hub.flush()
    world.note(None)
    world.hub.flush()
    for cable in seats.values():
        came, went = cable.frames
        assert (came["from"], came["to"], came["notes"]) == (1, 2, [{"seq": 2, "id": str(N)} | came["notes"][0]])
        assert (went["from"], went["to"], went["gone"]) == (2, 3, [str(N)])


def test_i11_nobody_else_is_told_anything(world: World) -> None:
    world.hub.beat()
    seats = {audience: world.settled(audience)[1] for audience in OUTSIDERS}
    before = {audience: board_of(world.hub, audience) for audience in OUTSIDERS}
    for text in (1, 2, None):
        world.note(text, "in", "a")
        world.hub.flush()
    assert all(cable.frames == [] for cable in seats.values())
    assert {audience: board_of(world.hub, audience) for audience in OUTSIDERS} == before
    world.hub.beat()
    assert {audience: board_of(world.hub, audience) for audience in OUTSIDERS} == before
    for audience in OUTSIDERS:
        assert [(frame["t"], frame["to"]) for frame in seats[audience].frames] == [("beat", 1)]
        _, late = world.join(audience)
        world.hub.flush()
        assert late.frames[0]["seq"] == 1
        assert late.frames[0].get("notes", []) == []


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_i11_guessing_a_seq_does_not_tell_that_something_reserved_has_moved_the_head(world: World, after: int) -> None:
    world.note(1, "in")
    world.note(2, "in")
    world.hub.beat()
    _, cable = world.join("public", after=after)
    world.hub.flush()
    assert cable.frames[0]["t"] == ("delta" if after == 1 else "snapshot")


@pytest.mark.parametrize("gone", [True, False])
def test_i11_what_cannot_be_read_stays_within_its_circles(world: World, gone: bool) -> None:
    """A tombstone without a body must not be told to all, as an ordinary one is."""
    world.note(1, "in")
    _, insiders_cable = world.settled("insiders")
    seats = [world.settled(audience)[1] for audience in OUTSIDERS]
    for id in (N, M):
        world.mirror.apply(world.history.put(id, b"{}", gone=gone, kind=NOTE))
    world.hub.flush()
    assert all(cable.frames == [] for cable in seats)
    (frame,) = insiders_cable.frames
    if gone:
        assert frame["gone"] == [str(N)]
    else:
        assert (frame["t"], frame["notes"]) == ("snapshot", [])
    _, back = world.join("public", after=1)
    world.hub.flush()
    assert back.frames[0]["t"] == "delta", "and nobody else begins anew for it"


def test_who_is_no_longer_of_a_circle_begins_anew(world: World) -> None:
    world.note(1, "in", "a")
    _, phone = world.settled(("phone", "a"))
    _, insiders = world.settled("insiders")
    world.note(2, "in")
    world.hub.flush()
    assert [(frame["t"], frame["notes"]) for frame in phone.frames] == [("snapshot", [])]
    assert [(frame["t"], len(frame["notes"])) for frame in insiders.frames] == [("delta", 1)]


def test_who_comes_back_to_something_reserved_gets_a_snapshot(world: World) -> None:
    world.note(1, "in")
    connection, _ = world.settled("insiders")
    world.hub.leave(connection)
    world.note(None)
    _, cable = world.join("insiders", after=connection.to)
    world.hub.flush()
    assert [(frame["t"], frame["notes"]) for frame in cable.frames] == [("snapshot", [])]


def test_a_large_board_is_fetched_and_what_is_reserved_comes_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.live.hub.LARGE", 0)
    monkeypatch.setattr("kernel.live.channel.LARGE", 0)
    world.note(1, "in")
    world.note(1, "in", id=M)
    connection, cable = world.join("insiders")
    world.hub.flush()
    fetched = board_of(world.hub, "public")
    world.note(None)
    world.hub.place(connection, fetched.seq, fetched.epoch)
    world.hub.flush()
    assert [frame["t"] for frame in cable.frames] == ["resync", "delta", "beat"]
    delta = cable.frames[1]
    assert (delta["from"], [note["id"] for note in delta["notes"]], delta["gone"]) == (1, [str(M)], [str(N)])
    world.hub.acknowledge(connection, delta["to"])
    world.note(2, "in")
    world.hub.flush()
    assert [note["id"] for note in cable.frames[-1]["notes"]] == [str(N)], "from here on as ever"


def test_what_is_reserved_costs_a_board_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tick is not even woken; and where it runs all the same, it passes over what is reserved in one look."""
    world.settled("public")
    board, desk = world.hub._pace(100), world.hub._pace(20)
    connection, _ = connect()
    world.hub.join(connection, "insiders", 20, None, None)
    board.wake.clear()
    desk.wake.clear()
    for text in range(50):
        world.note(text, "in", id=new_id())
    assert desk.wake.is_set()
    assert not board.wake.is_set()
    passed: list[object] = []
    since = Shelf.since

    def counted(shelf: Shelf, seq: int) -> object:
        for entry in since(shelf, seq):
            passed.append(entry)
            yield entry

    monkeypatch.setattr(Shelf, "since", counted)
    for channel in board.channels.values():
        stage = world.hub._stage(beat=False)
        assert stage is not None
        channel.flush(stage)
    assert passed == []


def purge(world: World) -> None:
    """As Postgres and then this node do it."""
    world.history.purge()
    stamped = world.history.board()
    world.mirror.drop([subject for subject in world.mirror.tombstones() if subject.id not in stamped])


def test_who_was_told_of_an_end_hears_nothing_when_it_is_purged(world: World) -> None:
    world.note(1, "in")
    connection, cable = world.settled("insiders")
    world.note(None)
    world.hub.flush()
    world.unit(2)
    world.hub.flush()
    world.hub.acknowledge(connection, 4)
    cable.frames.clear()
    purge(world)
    world.hub.flush()
    assert cable.frames == []
    assert world.mirror.get(N) is None
    world.unit(3)
    world.hub.flush()
    assert [frame["t"] for frame in cable.frames] == ["delta"]


def test_i7_who_was_not_told_of_an_end_before_it_was_purged_begins_anew(world: World) -> None:
    world.note(1, "in", "a")
    slow, cable = world.settled("insiders")
    _, outsider = world.settled("public")
    world.note(2, "in", "a")
    world.hub.flush()
    world.note(3, "in", "a")
    world.hub.flush()
    world.note(None)
    world.unit(2)
    world.hub.flush()
    purge(world)
    world.hub.acknowledge(slow, 4)
    world.hub.flush()
    assert (cable.frames[-1]["t"], cable.frames[-1]["notes"]) == ("snapshot", [])
    assert [frame["t"] for frame in outsider.frames] == ["delta"]


def test_a_purged_id_may_be_written_again(world: World) -> None:
    """A late arrival is told of a placement that ended long ago."""
    world.note(1, "in")
    world.note(None)
    world.unit(2)
    purge(world)
    _, cable = world.settled("insiders")
    world.note(2, "in")
    world.hub.flush()
    assert [note["text"] for note in cable.frames[0]["notes"]] == [2]


def test_i7_a_node_that_slept_through_an_end_and_its_purge_tells_its_screens(world: World) -> None:
    world.note(1, "in")
    _, cable = world.settled("insiders")
    world.history.write([(N, None)], NOTE)
    world.history.write([(UNIT, body_of(UNIT, 2))])
    world.history.purge()
    world.mirror.replace(world.history.head(), world.history.board().values())
    world.hub.flush()
    assert [(frame["t"], frame["notes"]) for frame in cable.frames] == [("snapshot", [])]
