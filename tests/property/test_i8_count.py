"""I8: any order, any delay and any duplication of what people say give the same state.

The rules run through the real use cases; the model they are held against is naive: it lets
everything arrive first, sorts the whole history, and only then counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.lane.writer import Work
from inventory.model.counting import Direction, Spoke
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.state import Flag, Status
from inventory.model.unit import Turnover
from inventory.moving import Move, VoidMovement
from inventory.problems import UnknownMovement
from inventory.reporting import Line, Report, Reporter
from tests.support.ward import SHELTER, SYSTEM, UNIT, Ward

T = TypeVar("T")

CAPACITY = 25
# Everything happens within a day and a half; noon in Brussels, 11:00 UTC, lies in the midst of it.
START = datetime(2026, 3, 10, 0, 0, tzinfo=UTC)
MINUTES = 36 * 60
NOON = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
END = START + timedelta(minutes=MINUTES)


@dataclass(frozen=True)
class Saying:
    """A report: when it was true, what it says, and what else it states."""

    id: UUID
    at: datetime
    free: int
    over_by: int
    out: int | None
    paused: bool | None
    capacity: int | None


@dataclass(frozen=True)
class Moving:
    id: UUID
    at: datetime
    direction: Direction
    places: int
    counted_in: UUID | None
    void: bool


@dataclass(frozen=True)
class History:
    sayings: tuple[Saying, ...]
    movings: tuple[Moving, ...]


instants = st.integers(0, MINUTES // 10).map(lambda tens: START + timedelta(minutes=10 * tens))
maybe = st.none() | st.integers(0, 3)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Few instants and few numbers, so that ties and contradictions are common."""
    ids = draw(st.lists(st.integers(1, 99), unique=True, min_size=1, max_size=6))
    sayings = []
    for number in ids:
        free = draw(st.integers(0, 6))
        sayings.append(
            Saying(
                id=UUID(int=number),
                at=draw(instants),
                free=free,
                over_by=0 if free else draw(st.integers(0, 3)),
                out=draw(maybe),
                paused=draw(st.none() | st.booleans()),
                capacity=draw(st.none() | st.integers(4, 30)),
            )
        )
    movings = [
        Moving(
            id=UUID(int=1000 + number),
            at=draw(instants),
            direction=draw(st.sampled_from(Direction)),
            places=draw(st.integers(1, 4)),
            counted_in=UUID(int=draw(st.sampled_from(ids))) if draw(st.booleans()) else None,
            void=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 8)))
    ]
    return History(tuple(sayings), tuple(movings))


def report_of(saying: Saying, sent: datetime, ahead: timedelta) -> Report:
    """The report as a phone sends it whose clock is wrong by `ahead`."""
    out = None if saying.out is None else (OutOfService(OutReason.REPAIR, saying.out),)[: saying.out]
    line = Line(
        UNIT,
        saying.free,
        saying.over_by,
        out_of_service=out,
        intake=None if saying.paused is None else Intake(saying.paused),
        capacity=saying.capacity,
    )
    reporter = Reporter(SYSTEM, Spoke.PERSON)
    return Report(saying.id, reporter, SHELTER, (line,), b"", saying.at + ahead, sent + ahead)


@st.composite
def deliveries(draw: st.DrawFn, history: History) -> list[tuple[datetime, Work]]:
    """Everything, each at least once, after any delay, in any order; with the time it is received."""
    things: list[Saying | Moving | UUID] = [*history.sayings, *history.movings]
    things += [moving.id for moving in history.movings if moving.void]
    again = draw(st.lists(st.sampled_from(things), max_size=6))
    order = draw(st.permutations([*things, *again]))
    received = END
    works: list[tuple[datetime, Work]] = []
    for thing in order:
        received += timedelta(seconds=draw(st.integers(0, 300)))
        works.append((received, _work(thing, received, timedelta(minutes=draw(st.integers(-5000, 5000))))))
    return works


def _work(thing: Saying | Moving | UUID, sent: datetime, ahead: timedelta) -> Work:
    if isinstance(thing, Saying):
        return report_of(thing, sent, ahead)
    if isinstance(thing, UUID):
        return VoidMovement(thing, SYSTEM)
    return Move(
        id=thing.id,
        actor_id=SYSTEM,
        unit_id=UNIT,
        direction=thing.direction,
        places=thing.places,
        body_hash=b"",
        occurred_at=thing.at + ahead,
        sent_at=sent + ahead,
        counted_in=thing.counted_in,
    )


def deliver(ward: Ward, works: Sequence[tuple[datetime, Work]]) -> None:
    """Send everything; what is refused because it came too early is sent again."""
    waiting = list(works)
    while waiting:
        refused = []
        for received, work in waiting:
            try:
                ward.do(work, received)
            except UnknownMovement:
                refused.append((received, work))
        assert len(refused) < len(waiting), "nothing was taken: a retry would never succeed"
        waiting = refused


def newest_of(sayings: Sequence[Saying], name: str, default: T) -> T:
    """The naive rule of a fact: sort all that was ever stated of it, and take the last."""
    stated = sorted((s.at, s.id.int, getattr(s, name)) for s in sayings if getattr(s, name) is not None)
    value: T = stated[-1][2] if stated else default
    return value


def _night(instant: datetime) -> date:
    """The night in Brussels' winter time, worked out by hand."""
    return (instant - timedelta(hours=11)).date()


def naive(history: History, now: datetime, turnover: Turnover) -> dict[str, Any]:
    last = max(history.sayings, key=lambda s: (s.at, s.id.int))
    out = newest_of(history.sayings, "out", 0)
    capacity = newest_of(history.sayings, "capacity", CAPACITY)
    moved = [m for m in history.movings if not m.void]
    unconfirmed = turnover is Turnover.NIGHTLY and _night(last.at) < _night(now)
    if unconfirmed:
        noon = datetime.combine(_night(now), NOON.timetz())
        rest = capacity - min(capacity, out)
        rest -= sum(m.places for m in moved if m.at >= noon and m.direction is Direction.IN)
    else:
        noon = datetime.combine(_night(last.at), NOON.timetz()) if turnover is Turnover.NIGHTLY else last.at
        counted_at = {s.id: s.at for s in history.sayings}
        after = [m for m in moved if m.at > last.at and m.at >= noon and m.counted_in != last.id]
        # Who was counted in some report was there for everybody who counted later.
        after = [m for m in after if m.counted_in is None or counted_at[m.counted_in] > last.at]
        rest = last.free - last.over_by
        rest += sum(m.places if m.direction is Direction.OUT else -m.places for m in after)
    return {
        "status": Status.UNCONFIRMED if unconfirmed else Status.OPEN,
        "free": max(rest, 0),
        "over_by": max(-rest, 0),
        "capacity": capacity,
        "out": out,
        "paused": newest_of(history.sayings, "paused", False),
        "confirmed_at": last.at,
        "above": rest > capacity,
    }


@given(st.data(), histories(), st.sampled_from(Turnover), st.integers(0, 30))
@settings(max_examples=400, deadline=None)
def test_any_order_delay_and_repetition_give_the_same_state(
    data: st.DataObject, history: History, turnover: Turnover, later_h: int
) -> None:
    ward = Ward(START - timedelta(days=1), capacity=CAPACITY, turnover=turnover)
    works = data.draw(deliveries(history))
    deliver(ward, works)
    now = max(works[-1][0], END) + timedelta(hours=later_h)
    state, meant = ward.state(now), naive(history, now, turnover)
    assert {
        "status": state.status,
        "free": state.free,
        "over_by": state.over_by,
        "capacity": state.capacity,
        "out": sum(o.places for o in state.out_of_service),
        "paused": state.intake.paused,
        "confirmed_at": state.fresh.confirmed_at,
        "above": Flag.ABOVE_CAPACITY in state.flags,
    } == meant


@given(st.data(), histories())
@settings(max_examples=200, deadline=None)
def test_what_was_sent_again_changes_nothing_at_all(data: st.DataObject, history: History) -> None:
    ward = Ward(START - timedelta(days=1), capacity=CAPACITY)
    works = data.draw(deliveries(history))
    deliver(ward, works)
    before, seq = ward.state(END), ward.live.seq
    for _, work in works:
        ward.do(work, works[-1][0] + timedelta(hours=1))
    assert (ward.state(END), ward.live.seq) == (before, seq)
