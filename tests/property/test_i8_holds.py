"""I2, I3, I8: whatever is held, ended, arrived or reported, in any order, the books stay right.

The model keeps plain lists: which holds stand, who came and left, who reported. After every act it
adds them up, and the real use cases must show the same, and never a fresher count than was reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.holding import EndHold, Ending, Hold
from inventory.model.counting import Direction, Spoke
from inventory.model.state import Flag, Status, available
from inventory.moving import Move, VoidMovement
from inventory.problems import HoldEnded, PlaceTaken, RequestHasHold
from inventory.reporting import Line, Report, Reporter
from kernel.problems import Problem
from tests.support.ward import SHELTER, SYSTEM, UNIT, Ward

START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PAST = START - timedelta(days=1)


@dataclass
class Books:
    """What a clerk would write down."""

    free: int | None = None
    counted_at: datetime | None = None
    standing: dict[UUID, int] = field(default_factory=dict)
    requests: dict[UUID, UUID] = field(default_factory=dict)
    by_clock: dict[UUID, int] = field(default_factory=dict)
    came: dict[UUID, int] = field(default_factory=dict)

    @property
    def held(self) -> int:
        return sum(self.standing.values())

    @property
    def rest(self) -> int:
        return (self.free or 0) - sum(self.came.values()) if self.free is not None else 0

    def end(self, hold_id: UUID) -> int:
        for request in [request for request, held in self.requests.items() if held == hold_id]:
            del self.requests[request]
        return self.standing.pop(hold_id)


act = st.one_of(
    st.tuples(st.just("report"), st.integers(0, 8), st.just(0)),
    st.tuples(st.just("walk in"), st.integers(1, 3), st.just(0)),
    st.tuples(st.just("void"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("hold"), st.integers(1, 3), st.integers(0, 3)),
    st.tuples(st.just("replace"), st.integers(1, 3), st.integers(0, 3)),
    st.tuples(st.just("arrive"), st.integers(0, 9), st.just(0)),
    *(st.tuples(st.just(ending), st.integers(0, 9), st.just(0)) for ending in Ending if ending is not Ending.ARRIVED),
)


class Clerk:
    """Does an act for real and in the books, and says whether both agree that it may be done."""

    def __init__(self) -> None:
        self.ward = Ward(PAST, capacity=8)
        self.books = Books()
        self.now = START
        self.ids = 0
        self.holds: list[UUID] = []
        self.moves: list[UUID] = []

    def _id(self) -> UUID:
        self.ids += 1
        return UUID(int=self.ids)

    def do(self, what: str, n: int, m: int) -> None:
        self.now += timedelta(minutes=1)
        if what == "report":
            self._report(n)
        elif what == "walk in":
            self._move(n, None)
        elif what == "void" and self.moves:
            self._void(self.moves[n % len(self.moves)])
        elif what in {"hold", "replace"}:
            self._hold(n, UUID(int=10_000 + m), replacing=what == "replace")
        elif what == "arrive" and self.holds:
            self._move(1, self.holds[n % len(self.holds)])
        elif what in {ending.value for ending in Ending} and self.holds:
            self._end(self.holds[n % len(self.holds)], Ending(what))

    def _report(self, free: int) -> None:
        report = Report(self._id(), Reporter(SYSTEM, Spoke.PERSON), SHELTER, (Line(UNIT, free),), b"")
        self.ward.do(report, self.now)
        self.books.free, self.books.counted_at, self.books.came = free, self.now, {}

    def _hold(self, places: int, request: UUID, *, replacing: bool) -> None:
        old = self.books.requests.get(request)
        given_back = self.books.standing[old] if old and replacing else 0
        fits = self.books.free is not None and self.books.rest - (self.books.held - given_back) >= places
        hold = Hold(
            self._id(), SYSTEM, UNIT, places, PAST, b"", request, replaces=old if replacing else None
        )  # fmt: skip
        problem = self._try(hold)
        if old and not replacing:
            assert isinstance(problem, RequestHasHold)
        elif not fits:
            assert isinstance(problem, PlaceTaken)
        else:
            assert problem is None
            if old:
                self.books.end(old)
            self.books.standing[hold.id] = places
            self.books.requests[request] = hold.id
            self.holds.append(hold.id)

    def _end(self, hold_id: UUID, ending: Ending) -> None:
        problem = self._try(EndHold(self._id(), SYSTEM, hold_id, ending, b""))
        assert (problem is None) is (hold_id in self.books.standing)
        if problem is not None:
            assert isinstance(problem, HoldEnded)
            return
        places = self.books.end(hold_id)
        if ending in {Ending.LAPSED, Ending.NO_SHOW}:
            self.books.by_clock[hold_id] = places

    def _move(self, places: int, hold_id: UUID | None) -> None:
        move = Move(self._id(), SYSTEM, UNIT, Direction.IN, places, b"", hold_id=hold_id)
        problem = self._try(move)
        arrivable = hold_id is None or hold_id in self.books.standing or hold_id in self.books.by_clock
        assert (problem is None) is arrivable
        if problem is not None:
            return
        self.moves.append(move.id)
        if self.books.free is not None:
            self.books.came[move.id] = places
        if hold_id in self.books.standing:
            self.books.end(hold_id)
        elif hold_id is not None:
            del self.books.by_clock[hold_id]
            request = self.ward.working.holds[hold_id].request_id
            newer = self.books.requests.get(request) if request else None
            if newer is not None:
                self.books.end(newer)

    def _void(self, move_id: UUID) -> None:
        self.ward.do(VoidMovement(move_id, SYSTEM), self.now)
        self.books.came.pop(move_id, None)

    def _try(self, work: Hold | EndHold | Move) -> Problem | None:
        try:
            self.ward.do(work, self.now)
        except Problem as problem:
            return problem
        return None

    def check(self) -> None:
        state, books = self.ward.state(self.now), self.books
        assert (state.free, state.over_by) == (max(0, books.rest), max(0, -books.rest))
        assert state.held == books.held
        assert state.fresh.confirmed_at == books.counted_at
        assert state.status is (Status.AWAITING_REPORT if books.free is None else Status.OPEN)
        assert (Flag.OVERCOMMITTED in state.flags) is (books.held > max(0, books.rest))
        rest = max(0, books.rest) - books.held
        assert available(state.holdable, state.free, state.held) == (max(0, rest) if books.free is not None else 0)


@given(st.lists(act, max_size=30))
@settings(max_examples=400, deadline=None)
def test_the_books_stay_right(acts: list[tuple[str, int, int]]) -> None:
    clerk = Clerk()
    for what, n, m in acts:
        clerk.do(what, n, m)
        clerk.check()
