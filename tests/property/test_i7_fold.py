"""I7: old snapshot + deltas = fresh snapshot, on every screen, for every kind of event.

Random histories: changes, removals, returns, changes of what may be seen, a restored Postgres; a
mirror that hears late, in pieces, or only by reading the board again; ticks in the middle of which
anything of this happens; screens that are slow, go away, come back with what they had, or fetch the
board over HTTP in between. Reserved notes come and go too, and are purged everywhere at any time (I11).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from kernel.live.connection import Connection
from kernel.live.hub import Hub
from kernel.live.mirror import Mirror
from tests.unit.kernel.live.playing import (
    KINDS,
    LENS,
    NOTE,
    ROOM_BYTES,
    Cable,
    History,
    Screen,
    board_of,
    body_of,
    connect,
    note_of,
)

IDS = [UUID(int=number) for number in range(1, 7)]
NOTES = [UUID(int=number) for number in range(11, 15)]
SEATS = 12

bodies = st.tuples(st.sampled_from(IDS), st.integers(0, 5), st.booleans(), st.sampled_from("ab"), st.integers(0, 6))
notes = st.tuples(st.sampled_from(NOTES), st.none() | st.integers(0, 5), st.sets(st.sampled_from(["in", "a", "b"])))


@dataclass(slots=True)
class Seat:
    audience: Any
    screen: Screen
    connection: Connection
    cable: Cable


class Boards(RuleBasedStateMachine):
    audiences: tuple[Any, ...] = ("desk", "public", ("own", "a"), ("own", "b"), "insiders", ("phone", "a"))

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.history = History()
        self.mirror = Mirror(self.history.region_id, passing=[NOTE])
        self.mirror.authorise(self.history.epoch)
        self.mirror.replace(self.history.head(), ())
        self.hub = Hub(self.mirror, LENS, lambda: datetime(2026, 1, 1, tzinfo=UTC), KINDS, 15.0, clock_s=self.clock_s)
        self.seats: list[Seat] = []
        self.under_way: list[Iterator[float]] = []
        for number, audience in enumerate(self.audiences * (SEATS // len(self.audiences))):
            connection, cable = connect()
            self.hub.join(connection, audience, 20 if number % 2 else 100, None, None)
            self.seats.append(Seat(audience, Screen(), connection, cable))

    def clock_s(self) -> float:
        return self.now_s

    @rule()
    def nobody_acknowledges_for_a_while(self) -> None:
        self.now_s += 0.4

    @rule(changes=st.lists(bodies, min_size=1, max_size=4, unique_by=lambda change: change[0]))
    def something_happens(self, changes: list[tuple[UUID, int, bool, str, int]]) -> None:
        self.history.write(
            (subject_id, None if dice == 0 else body_of(subject_id, free, secret=secret, owner=owner))
            for subject_id, free, secret, owner, dice in changes
        )

    @rule(changes=st.lists(notes, min_size=1, max_size=3, unique_by=lambda change: change[0]))
    def something_reserved_happens(self, changes: list[tuple[UUID, int | None, set[str]]]) -> None:
        self.history.write(
            ((id, None if text is None else note_of(id, text, *sorted(circles))) for id, text, circles in changes), NOTE
        )

    @rule()
    def postgres_purges(self) -> None:
        self.history.purge()

    @rule()
    def the_mirror_purges(self) -> None:
        stamped = self.history.board()
        self.mirror.drop([subject for subject in self.mirror.tombstones() if subject.id not in stamped])

    @rule(share=st.floats(0.0, 1.0))
    def the_mirror_hears(self, share: float) -> None:
        head = self.mirror.head
        assert head is not None
        if head.epoch == self.history.epoch:
            to = head.seq + round((self.history.seq - head.seq) * share)
            self.mirror.apply(self.history.range(max(0, head.seq - 2), to))

    @rule()
    def the_mirror_reads_the_board(self) -> None:
        self.mirror.authorise(self.history.epoch)
        self.mirror.replace(self.history.head(), self.history.board().values())

    @rule(back=st.integers(0, 5))
    def postgres_is_restored(self, back: int) -> None:
        self.history.restore(max(0, self.history.seq - back))

    @rule(following=st.booleans(), journal=st.booleans())
    def redis_or_the_journal_is_lost_or_found(self, following: bool, journal: bool) -> None:
        self.mirror.feed(following=following, journal=journal)

    @rule()
    def a_tick(self) -> None:
        self.hub.flush()

    @rule()
    def a_beat(self) -> None:
        self.hub.beat()

    @rule(beat=st.booleans())
    def a_tick_begins(self, beat: bool) -> None:
        """The loop runs other things between two channels: several ticks and beats may be under way."""
        self.under_way.append(self.hub._serving(list(self.hub._channels()), beat=beat))

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, SEATS - 1))
    def a_tick_goes_on(self, which: int) -> None:
        tick = self.under_way[which % len(self.under_way)]
        if next(tick, None) is None:
            self.under_way.remove(tick)

    @rule(number=st.integers(0, SEATS - 1), count=st.integers(1, 3))
    def frames_arrive(self, number: int, count: int) -> None:
        """Several may arrive before the newest of them is acknowledged."""
        seat = self.seats[number]
        newest: int | None = None
        for frame in filter(None, (seat.cable.take() for _ in range(count))):
            ack = seat.screen.hear(frame)
            newest = newest if ack is None else ack
        if newest is not None:
            self.hub.acknowledge(seat.connection, newest)
            seat.cable.settle(newest)
        if seat.screen.wants_board:
            self.a_screen_is_sent_away(seat)

    def a_screen_is_sent_away(self, seat: Seat) -> None:
        """It fetches the board, on which nothing reserved is, and says hello again."""
        seat.screen.wants_board = False
        seat.screen.fetch(board_of(self.hub, "public" if seat.audience == "insiders" else seat.audience))
        if not seat.connection.closing:  # of one that was ended here nothing is heard any more
            self.hub.place(seat.connection, seat.screen.to, UUID(seat.screen.epoch))

    @rule(number=st.integers(0, SEATS - 1))
    def a_screen_comes_back(self, number: int) -> None:
        """What was under way is lost; it says what it has."""
        seat = self.seats[number]
        self.hub.leave(seat.connection)
        seat.connection, seat.cable = connect()
        epoch = UUID(seat.screen.epoch) if seat.screen.epoch else None
        self.hub.join(seat.connection, seat.audience, 20, seat.screen.to, epoch)

    @rule(number=st.integers(0, SEATS - 1))
    def a_screen_fetches_the_board(self, number: int) -> None:
        seat = self.seats[number]
        self.hub.leave(seat.connection)
        board = board_of(self.hub, seat.audience)
        seat.screen.fetch(board)
        seat.connection, seat.cable = connect()
        self.hub.join(seat.connection, seat.audience, 100, board.seq, board.epoch)

    @precondition(lambda self: self.history.seq > 0)
    @rule()
    def all_is_quiet(self) -> None:
        """Once everything has arrived, every screen shows what a fresh snapshot would show."""
        self.the_mirror_reads_the_board()
        while self.under_way:
            self.a_tick_goes_on(0)
        for number, seat in enumerate(self.seats):
            if seat.cable.aborted:  # it took nothing for too many beats
                self.a_screen_comes_back(number)
        for _ in range(4):
            self.hub.flush()
            for number in range(len(self.seats)):
                while self.seats[number].cable.frames:
                    self.frames_arrive(number, 3)
        for seat in self.seats:
            assert seat.screen.board == self.history.shown_to(seat.audience)
            assert seat.screen.epoch == str(self.history.epoch)

    @invariant()
    def nobody_is_sent_more_than_they_acknowledge(self) -> None:
        """Boards of two epochs may bear one number: what is acknowledged of the one stands for the other as well."""
        for seat in self.seats:
            assert sum(len(frame.payload) for frame in seat.cable.owed()[:-1]) < ROOM_BYTES

    def teardown(self) -> None:
        if self.history.seq:
            self.all_is_quiet()


class LargeBoards(Boards):
    """More than three subjects are fetched over HTTP."""

    audiences = ("desk", "public", "insiders")


def test_i7_snapshot_plus_deltas_is_fresh_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.live.hub._SLICE_S", 0.0)  # a pause after every channel
    run_state_machine_as_test(Boards, settings=settings(max_examples=150, stateful_step_count=60, deadline=None))


def test_i7_what_is_reserved_comes_after_a_board_that_was_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.live.hub._SLICE_S", 0.0)
    for module in ("hub", "channel"):
        monkeypatch.setattr(f"kernel.live.{module}.LARGE", 3)
    run_state_machine_as_test(LargeBoards, settings=settings(max_examples=50, stateful_step_count=60, deadline=None))
