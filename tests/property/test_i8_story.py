"""I8: whatever persons and feeds say, of whatever night, in any order, the same report stands.

The lines run through the real use cases, which read older ones only where a line comes out of order.
The naive model waits until everything is there, and asks of each line by itself whether it is pinned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.lane.looking import late_from
from inventory.model.counting import Basis, Spoke
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.story import Outcome, Told, tell
from inventory.model.unit import Turnover
from inventory.reporting import Line, Report, Reporter
from tests.support.ward import SHELTER, UNIT, Ward

PERSONS = (UUID(int=0xB1), UUID(int=0xB2))
FEEDS = (UUID(int=0xF1), UUID(int=0xF2))
# Steps of ten minutes around noon in Brussels (11:00 UTC), so that a pin of 30 minutes binds; longer than
# what is read again for a late line, and short of what is far too late for that.
START = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
STEP = timedelta(minutes=10)
STEPS = 34
END = START + STEPS * STEP
PIN = timedelta(minutes=30)


@dataclass(frozen=True)
class Saying:
    """A line: who says what, when it was true, of which night, and what else it states."""

    id: UUID
    source: UUID
    at: datetime
    free: int | None
    tomorrow: bool
    out: int | None
    paused: bool | None

    @property
    def feed(self) -> bool:
        return self.source in FEEDS

    @property
    def own_night(self) -> date:
        """By hand: noon in Brussels is at eleven in winter."""
        return (self.at - timedelta(hours=11)).date()

    @property
    def night(self) -> date:
        return self.own_night + timedelta(days=1) if self.tomorrow else self.own_night

    @property
    def rank(self) -> tuple[datetime, UUID]:
        return self.at, self.id


@st.composite
def sayings(draw: st.DrawFn) -> tuple[Saying, ...]:
    """Few instants and few numbers, so that ties, contradictions and corrections are common."""
    ids = draw(st.lists(st.integers(1, 60), unique=True, min_size=1, max_size=8))
    said: list[Saying] = []
    for number in ids:
        source = draw(st.sampled_from((*PERSONS, *FEEDS, FEEDS[0])))
        at = START + STEP * draw(st.integers(0, STEPS))
        free = draw(st.none() | st.integers(0, 3))
        said.append(
            Saying(
                UUID(int=number),
                source,
                at,
                free,
                draw(st.integers(0, 9)) == 0,
                draw(st.none() | st.integers(0, 2)),
                draw(st.booleans()) if free is None else draw(st.none() | st.booleans()),
            )
        )
    return tuple(said)


def report_of(saying: Saying) -> Report:
    out = None if saying.out is None else (OutOfService(OutReason.REPAIR, saying.out),)[: saying.out]
    intake = None if saying.paused is None else Intake(saying.paused)
    words = repr(saying).encode()
    spoke = Spoke.FEED if saying.feed else Spoke.PERSON
    reporter = Reporter(saying.source, spoke, Basis.PHYSICAL)
    line = Line(UNIT, saying.free, 0, out, intake, body_hash=words)
    return Report(saying.id, reporter, SHELTER, (line,), words, saying.at, night=saying.night)


def is_corrected(came: Sequence[Saying], one: Saying) -> bool:
    """A feed's number is corrected by a later word of the same feed about the same instant: here the order counts."""
    later = came[came.index(one) + 1 :]
    again = any(s.source == one.source and s.at == one.at and s.free is not None for s in later)
    return one.feed and one.free is not None and again


def naive_pinned(came: Sequence[Saying], one: Saying) -> bool:
    """A feed's line is pinned by the last person before it who spoke of its night, if it says what its feed said
    before that person.
    """
    if not one.feed:
        return False
    persons = [s for s in came if not s.feed and s.night == one.night and s.rank < one.rank]
    if not persons:
        return False
    person = max(persons, key=lambda s: s.rank)
    if one.at > person.at + PIN:
        return False
    since = said_since(came, one)
    return since is not None and since <= person.at


def said_since(came: Sequence[Saying], one: Saying) -> datetime | None:
    """Since when the feed of `one` had been saying its number, corrected ones left out; None where it has said none."""
    own = [s for s in came if s.source == one.source and s.at < one.at and not is_corrected(came, s)]
    numbers = sorted((s for s in own if s.free is not None), key=lambda s: s.at)
    now = one.free if one.free is not None else number_at(came, one, numbers)
    if now is None:
        return None
    since = one.at if one.free is not None or not numbers or numbers[-1].free != now else numbers[-1].at
    for earlier in reversed(numbers):
        if earlier.free != now:
            break
        since = earlier.at
    return since


def number_at(came: Sequence[Saying], one: Saying, before: Sequence[Saying]) -> int | None:
    """The number a line of facts alone is said with: its feed's last, or one of the same instant with a lower id."""
    same = [
        s for s in came
        if s.source == one.source and s.at == one.at and s.free is not None and s.id < one.id
        and not is_corrected(came, s)
    ]  # fmt: skip
    numbers = [*before, *same]
    return numbers[-1].free if numbers else None


def naive(came: Sequence[Saying], tonight: date) -> dict[str, Any]:
    free_to_count = [s for s in came if not naive_pinned(came, s)]
    counts = [s for s in free_to_count if s.free is not None and not is_corrected(came, s)]
    now = [s for s in counts if s.night <= tonight]
    later = [s for s in counts if s.night > tonight]
    stands = max(now, key=lambda s: (s.night, s.rank), default=None)
    outs, intakes = (
        # Of one instant, a corrected line has the first word and not the last.
        sorted(
            (s for s in free_to_count if getattr(s, name) is not None),
            key=lambda s: (s.at, not is_corrected(came, s), s.id),
        )
        for name in ("out", "paused")
    )
    return {
        "count": (stands.id, stands.free) if stands else None,
        "coming": max((s for s in later), key=lambda s: (s.night, s.rank)).id if later else None,
        "out": outs[-1].out if outs else 0,
        "paused": intakes[-1].paused if intakes else False,
    }


def shown(ward: Ward, now: datetime) -> dict[str, Any]:
    told = ward.live.known.told.turned(ward.working.night)
    state = ward.state(now)
    return {
        "count": (told.count.report_id, told.count.free) if told.count else None,
        "coming": told.coming.report_id if told.coming else None,
        "out": sum(one.places for one in state.out_of_service),
        "paused": state.intake.paused,
    }


def _ward() -> Ward:
    ward = Ward(START - timedelta(days=1), turnover=Turnover.NIGHTLY)
    ward.working.grants |= {(source, SHELTER) for source in (*PERSONS, *FEEDS)}
    return ward


@given(st.data(), sayings())
@settings(max_examples=300, deadline=None)
def test_whatever_the_order_the_same_report_stands(data: st.DataObject, said: tuple[Saying, ...]) -> None:
    order = data.draw(st.permutations(said))
    ward, now = _ward(), END
    for saying in order:
        now += timedelta(minutes=data.draw(st.integers(0, 90)))
        ward.do(report_of(saying), now)
    night = ward.working.night
    assert shown(ward, now) == naive(order, night)


@given(st.data(), sayings())
@settings(max_examples=100, deadline=None)
def test_told_as_it_comes_is_told_from_the_beginning(data: st.DataObject, said: tuple[Saying, ...]) -> None:
    """The registers are the fold of all kept lines, at every moment, and nothing is written twice for a repetition."""
    ward, now = _ward(), END
    for saying in data.draw(st.permutations(said)):
        now += timedelta(minutes=data.draw(st.integers(0, 20)))
        ward.do(report_of(saying), now)
        seq = ward.live.seq
        assert ward.do(report_of(saying), now).repeated
        assert ward.live.seq == seq
        story = tell(Told(), {}, ward.lines)
        assert ward.live.known.told == story.told(ward.working.night)
        assert story.changed == [], "each line is marked as it is judged from the beginning"


def test_older_lines_are_read_only_where_a_line_comes_out_of_order() -> None:
    ward = _ward()
    looked = []
    for minute, source in (
        (0, FEEDS[0]),
        (5, PERSONS[0]),
        (10, FEEDS[0]),
        (15, PERSONS[1]),
        (8, FEEDS[1]),
        (12, PERSONS[0]),
        (9, PERSONS[1]),
    ):
        saying = Saying(
            UUID(int=100 + minute), source, START + timedelta(minutes=minute), minute % 3, False, None, None
        )
        assert ward.do(report_of(saying), END).units[0].outcome in set(Outcome)
        looked.append(ward.live.lines is not None)
    assert looked == [False, False, False, False, True, False, True]
    assert late_from(ward.live.known, {}, [], ward.working.moment) is None
