"""I11: whoever is in no circle gets the same bytes, whether or not anything reserved ever happened.

The same journal is heard by two nodes, of which one is never told of what is reserved in it. Whatever
screens do meanwhile, each frame of either is the other's, and so is each board with its number.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from kernel.journal import Head, Range
from kernel.live.connection import Connection
from kernel.live.hub import Hub
from kernel.live.mirror import Mirror
from tests.unit.kernel.live.playing import KINDS, LENS, NOTE, Cable, History, board_of, body_of, connect, note_of, still

OUTSIDERS: tuple[Any, ...] = ("desk", "public", ("own", "a"), ("phone", "b"))
IDS = [UUID(int=number) for number in range(1, 5)]
NOTES = [UUID(int=number) for number in range(11, 14)]
AFTER = 9

units = st.tuples(st.just("unit"), st.sampled_from(IDS), st.integers(0, 5), st.booleans(), st.sampled_from("ab"))
removals = st.tuples(st.just("removal"), st.sampled_from(IDS))
# In none of the circles that an outsider of this test is in.
notes = st.tuples(
    st.just("note"), st.sampled_from(NOTES), st.none() | st.integers(0, 5), st.sampled_from([(), ("in",), ("in", "a")])
)
unreadable = st.tuples(st.just("unreadable"), st.sampled_from(NOTES), st.booleans())
turns = st.tuples(st.sampled_from(["flush", "flush", "flush", "beat", "purge", "read"]))
screens = st.tuples(st.sampled_from(["take", "back"]), st.integers(0, len(OUTSIDERS) - 1), st.integers(0, AFTER))
steps = st.lists(units | removals | notes | notes | unreadable | turns | turns | screens, min_size=20, max_size=40)


class Node:
    def __init__(self, history: History, *, told: bool) -> None:
        self.history = history
        self.told = told
        self.mirror = Mirror(history.region_id, passing=[NOTE])
        self.mirror.replace(history.head(), ())
        self.hub = Hub(self.mirror, LENS, lambda: datetime(2026, 1, 1, tzinfo=UTC), KINDS, 15.0, clock_s=still)
        self.seats: list[tuple[Connection, Cable]] = [connect() for _ in OUTSIDERS]
        self.gone: list[Cable] = []
        for (connection, _), audience in zip(self.seats, OUTSIDERS, strict=True):
            self.hub.join(connection, audience, 100, None, None)

    def hear(self, change: Range) -> None:
        """The one that is not told hears nothing where nothing else has happened, not even a number."""
        head = self.mirror.head
        assert head is not None
        known = tuple(subject for subject in change.subjects if self.told or subject.kind != NOTE)
        if known:
            self.mirror.apply(replace(change, after=head.seq, subjects=known))

    def turn(self, what: str) -> None:
        board = self.history.board()
        if what == "flush":
            self.hub.flush()
        elif what == "beat":
            self.hub.beat()
        elif what == "purge":
            self.mirror.drop([subject for subject in self.mirror.tombstones() if subject.id not in board])
        else:
            told = [subject for subject in board.values() if self.told or subject.kind != NOTE]
            seq = self.history.seq if self.told else max((subject.seq for subject in told), default=0)
            self.mirror.correct(Head(self.history.epoch, seq), told)

    def take(self, number: int) -> dict[str, Any] | None:
        connection, cable = self.seats[number]
        frame = cable.take()
        if frame is not None and frame["t"] in {"snapshot", "delta"}:
            self.hub.acknowledge(connection, frame["seq" if frame["t"] == "snapshot" else "to"])
        return frame

    def come_back(self, number: int, after: int) -> None:
        self.hub.leave(self.seats[number][0])
        self.gone.append(self.seats[number][1])
        self.seats[number] = connect()
        self.hub.join(self.seats[number][0], OUTSIDERS[number], 100, after, self.history.epoch)

    def said(self) -> list[Any]:
        """All that has been sent, and all that may be asked for."""
        cables = [*self.gone, *(cable for _, cable in self.seats)]
        sent = [[frame.payload for frame in cable.written] for cable in cables]
        return [*sent, *(board_of(self.hub, audience) for audience in OUTSIDERS)]

    def heads(self) -> list[Any]:
        return [self.hub.head(audience) for audience in OUTSIDERS]


def write(history: History, kind: str, id: UUID, *rest: Any) -> Range:
    if kind == "unit":
        free, secret, owner = rest
        return history.write([(id, body_of(id, free, secret=secret, owner=owner))])
    if kind == "removal":
        return history.write([(id, None)])
    if kind == "unreadable":
        return history.put(id, b"{}", gone=rest[0], kind=NOTE)
    text, circles = rest
    return history.write([(id, None if text is None else note_of(id, text, *circles))], NOTE)


_MOVED = [("unit", IDS[0], 0, False, owner) for owner in "ab"]
_OWING = [("flush",), ("unit", IDS[1], 0, False, "b"), _MOVED[0], ("flush",)]


@given(steps)
# A phone learns by the next beat of a number that is not its own, whatever else is in the journal meanwhile:
# where its unit moved away to somebody else, and where it owes two acknowledgements.
@example(
    [_MOVED[0], _MOVED[0], ("flush",), _MOVED[0], _MOVED[1], ("flush",), ("unreadable", NOTES[0], False), ("beat",)]
)
@example([*_OWING, ("note", NOTES[0], 1, ("in",)), ("beat",)])
@settings(max_examples=100, deadline=None)
def test_i11_nothing_reserved_shows_outside_its_circles(happens: list[Any]) -> None:
    history = History()
    nodes = [Node(history, told=told) for told in (True, False)]
    with capture_logs():  # of what cannot be read
        for what, *rest in happens:
            happen(history, nodes, what, rest)
            assert nodes[0].heads() == nodes[1].heads()
    assert nodes[0].said() == nodes[1].said()


def happen(history: History, nodes: list[Node], what: str, rest: list[Any]) -> None:
    if what in {"unit", "removal", "note", "unreadable"}:
        change = write(history, what, *rest)
        for node in nodes:
            node.hear(change)
    elif what == "take":
        frames = [node.take(rest[0]) for node in nodes]
        assert frames[0] == frames[1]
    elif what == "back":
        for node in nodes:
            node.come_back(*rest)
    else:
        if what == "purge":
            history.purge()
        for node in nodes:
            node.turn(what)
