"""The whole inventory against a clerk's books: whatever is reported, moved, held, ended, closed, surged, in any order.

Two nodes write in turn through their lanes to real Postgres and Redis; after each batch every unit shows what the
clerk reckons, and each work was answered as the clerk answers. In the end journal, tables, Redis and both mirrors agree
(I1-I8, I10). 500 examples of 100 steps here, 2,000 in `make faults`, HALTE_MODEL_EXAMPLES=N others. The seed is printed
and HALTE_MODEL_SEED=N repeats it; with HALTE_MODEL_SHRINK=1 it takes the minutes to make a failure small.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from inventory.defining import CloseUnit, DefineOperator, DefineShelter, DefineUnit, Refresh
from inventory.holding import EndHold, Ending, Hold
from inventory.lane.working import SYSTEM
from inventory.lane.writer import InventoryWriter
from inventory.model.counting import Basis, Direction, Spoke
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.policy import Policy
from inventory.model.surge import Reason
from inventory.model.unit import Admits, Allotment, Operator, Regime, Shelter, Turnover, Unit
from inventory.moving import Move, VoidMovement
from inventory.policing import SetPolicy
from inventory.reporting import Line, Report, Reporter
from inventory.surging import ActivateSurge, ChangeSurge, Said
from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.journal import read_board
from kernel.lane import Lane
from kernel.live.board import LiveBoard
from kernel.live.mirror import Mirror
from kernel.live.publishing import Publisher
from kernel.live.relay import Relay
from kernel.live.truth import Truth
from kernel.postgres import Pool, open_pool
from kernel.problems import Busy, Problem
from kernel.redis import RedisLinks, open_redis
from kernel.settings import Settings
from tests.integration.inventory.acting import at
from tests.support.books import Book
from tests.support.clerk import STUCK_AFTER, ZONE, Clerk
from tests.support.clerks_words import said_of, shown_of, subjects_of

T = TypeVar("T")
_STEPS = 100
_BATCH = 12
_TRIES = 20
_STATES = """
SELECT s.id, s.seq, j.body FROM subject s JOIN journal j ON j.region_id = s.region_id AND j.seq = s.seq
WHERE s.region_id = $1 AND s.kind = 'unit'
"""
_WROTE = "SELECT seq, subject_id, body FROM journal WHERE region_id = $1 AND seq = ANY($2)"
_CLOCK = """
INSERT INTO demo_clock (id, real_anchor, shown_anchor, speed) VALUES (1, clock_timestamp(), $1, 0)
ON CONFLICT (id) DO UPDATE SET shown_anchor = excluded.shown_anchor, speed = 0
"""
_REGION = "INSERT INTO region (id, slug, name, timezone, epoch) VALUES ($1, $2, 'Brussels', 'Europe/Brussels', $3)"
_KEY = """
INSERT INTO machine_key (id, region_id, name, verbs, basis, settle_lag_s, actor_id)
VALUES ($1, $2, 'a feed', '{report,move}', $3, $4, $5)
"""
_GRANT = "INSERT INTO machine_key_shelter (key_id, shelter_id, actor_id) VALUES ($1, $2, $3)"
# Units: whether they empty each day, whether they are for surges only.
_UNITS = ((False, False), (True, False), (False, True))
# The definition was the last to state the capacity at that instant.
_LAST_ID = UUID(int=2**128 - 1)
_LAGS_MIN = (0, 0, 0, 1, 5, 20, 90, 240)
_PASSES_MIN = (1, 5, 20, 45, 200, 700)


class Ground:
    """One Postgres, one Redis and one loop for all examples; each example has a region of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runner = asyncio.Runner()
        self.pool: Pool = self.run(open_pool(settings, "model"))
        links = self.run(_links(settings))
        assert links is not None
        self.links: RedisLinks = links
        self.examples = 0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def close(self) -> None:
        self.run(self.pool.close())
        self.run(self.links.close())
        self.runner.close()


async def _links(settings: Settings) -> RedisLinks | None:
    return open_redis(settings, "model")


async def _empty(links: RedisLinks) -> None:
    await links.board.flushall()


class Node:
    """A lane, its publisher, and a relay that looks when it is told to."""

    def __init__(self, ground: Ground, region_id: UUID) -> None:
        board = LiveBoard(ground.links, region_id, 5.0)
        truth = Truth(ground.pool, region_id)
        self.mirror = Mirror(region_id)
        self.board = board
        self.publisher = Publisher(truth, board, self.mirror, 5.0)
        self.relay = Relay(truth, board, self.mirror, self.publisher, 60.0)
        writer = InventoryWriter(region_id, ZONE)
        self.lane = Lane(ground.pool, region_id, writer, self.publisher.publish, ground.settings)
        self._publishing: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.lane.start()
        self._publishing = asyncio.create_task(self.publisher.run(self.board))

    async def stop(self) -> None:
        await self.lane.stop()
        if self._publishing is not None:
            self._publishing.cancel()
            await asyncio.gather(self._publishing, return_exceptions=True)


GROUND: list[Ground] = []
few = st.integers(0, 7)


class Inventory(RuleBasedStateMachine):
    """Works are queued, and written a batch at a time by either node; time passes between batches only."""

    def __init__(self) -> None:
        super().__init__()
        self.ground = GROUND[0]
        self.ground.examples += 1
        self.chance_id = 0
        self.region = self.id()
        self.shelter = self.id()
        self.units = [self.id() for _ in _UNITS]
        key, net, stranger = self.id(), self.id(), self.id()
        self.feeds = [Reporter(key, Spoke.FEED), Reporter(net, Spoke.FEED, Basis.NET, 600)]
        self.reporters = [Reporter(SYSTEM, Spoke.PERSON)] * 3 + self.feeds * 2 + [Reporter(stranger, Spoke.PERSON)]
        self.stranger = stranger
        self.clerk = Clerk(self.shelter, {SYSTEM, key, net})
        self.requests = [self.id() for _ in range(3)]
        self.batch: list[Any] = []
        self.done: list[Any] = []
        self.seen: dict[UUID, list[int]] = {unit: [0] for unit in self.units}
        self.now = at("09:00")
        self.turns = 0
        self.ground.run(self._begin())

    def id(self, rank: int = 0) -> UUID:
        """Ids that nobody draws; `rank` decides which of two is the later one, as two phones' clocks would."""
        self.chance_id += 1
        return UUID(int=(0x0190_0000 + rank) << 96 | self.ground.examples << 32 | self.chance_id)

    async def _begin(self) -> None:
        pool = self.ground.pool
        await pool.execute(_CLOCK, self.now)
        await pool.execute(_REGION, self.region, f"r{self.ground.examples}", new_id())
        for feed in self.feeds:
            await pool.execute(_KEY, feed.id, self.region, feed.basis.value, feed.settle_lag_s, SYSTEM)
            await pool.execute(_GRANT, feed.id, self.shelter, SYSTEM)
        self.nodes = [Node(self.ground, self.region) for _ in range(2)]
        for node in self.nodes:
            node.start()
        await self._define()

    async def _define(self) -> None:
        operator = Operator(id=self.id(), region_id=self.region, name="Invented Operator")
        shelter = Shelter(
            id=self.shelter, region_id=self.region, operator_id=operator.id, name="Invented House", commune="21004",
            invented=True,
        )  # fmt: skip
        policy = SetPolicy(self.id(), SYSTEM, Policy(stuck_after=STUCK_AFTER), 0, "a test", b"")
        works: list[Any] = [policy, DefineOperator(operator, SYSTEM), DefineShelter(shelter, SYSTEM)]
        for unit_id, (nightly, surge) in zip(self.units, _UNITS, strict=True):
            turnover = Turnover.NIGHTLY if nightly else Turnover.CONTINUING
            unit = Unit(
                id=unit_id, region_id=self.region, shelter_id=self.shelter, name=str(unit_id), audience=(Admits.MEN,),
                allotment=Allotment.PLACE, regime=Regime.NIGHT, turnover=turnover, surge=surge,
            )  # fmt: skip
            works.append(DefineUnit(unit, 12, SYSTEM))
            self.clerk.units[unit_id] = Book(unit_id, nightly, surge, 12, (self.now, _LAST_ID))
        outcomes = await self.nodes[0].lane.submit_all(works, bulk=False)
        assert not [one for one in outcomes if isinstance(one, Problem)], outcomes
        self.clerk.begin(self.now)
        await self._compare(set(self.units))

    # -- batches

    def write(self, *works: Any) -> None:
        for work in works:
            self.batch.append(work)
            self.done.append(work)
        if len(self.batch) >= _BATCH:
            self.commit()

    def commit(self) -> None:
        if self.batch:
            self.ground.run(self._commit())

    async def _commit(self) -> None:
        works, self.batch = self.batch, []
        self.turns += 1
        told = await self._submit(self.nodes[self.turns % 2].lane, works)
        self.clerk.begin(self.now)
        meant = [self.clerk.take(work) for work in works]
        said = [said_of(one) for one in told]
        assert said == meant, [pair for pair in zip(works, said, meant, strict=True) if pair[1] != pair[2]]
        before = {unit: self.clerk.units[unit].seq for unit in self.units}
        await self._compare({unit for work in works for unit in self._named(work)})
        await self._compare_answers([one for answer in told for one in subjects_of(answer)], before)

    async def _compare_answers(self, subjects: list[Any], before: dict[UUID, int]) -> None:
        """An answer carries what its commit left. Heavy works, and a batch with an error in it, take several."""
        rows = await self.ground.pool.fetch(_WROTE, self.region, [one.seq for one in subjects])
        wrote = {row["seq"]: (row["subject_id"], row["body"]) for row in rows}
        for one in subjects:
            assert one.seq >= before[one.id]
            assert wrote[one.seq] == (one.id, one.body.decode())

    async def _submit(self, lane: Lane, works: list[Any]) -> list[Any]:
        """Again, as clients do, where a busy machine was too slow for all of it: nothing was written."""
        for _ in range(_TRIES):
            told = await lane.submit_all(works, bulk=False)
            if not all(isinstance(one, Busy) for one in told):
                break
        return told

    async def _compare(self, named: set[UUID]) -> None:
        """Every unit that was named or has changed shows what the clerk reckons."""
        rows = await self.ground.pool.fetch(_STATES, self.region)
        states = {row["id"]: (row["seq"], row["body"]) for row in rows}
        touched = {unit for unit in self.units if unit in named or states[unit][0] != self.clerk.units[unit].seq}
        for unit in touched:
            assert shown_of(states[unit][1]) == self.clerk.shows(self.clerk.units[unit]), unit
        self.clerk.settle(touched, {unit: seq for unit, (seq, _) in states.items()})
        for unit in touched:
            self.seen[unit].append(states[unit][0])

    def _named(self, work: Any) -> Iterator[UUID]:
        if isinstance(work, Report):
            yield from (line.unit_id for line in work.lines if line.unit_id in self.clerk.units)
        if isinstance(work, Refresh | ActivateSurge):
            yield from work.unit_ids
        if isinstance(work, Hold | Move | CloseUnit):
            yield work.unit_id
        if isinstance(work, EndHold) and work.hold_id in self.clerk.holds:
            yield self.clerk.holds[work.hold_id].work.unit_id
        if isinstance(work, VoidMovement) and work.movement_id in self.clerk.moves:
            yield self.clerk.moves[work.movement_id].work.unit_id

    # -- what people do

    def before(self, lag: int) -> datetime:
        return self.now - timedelta(minutes=_LAGS_MIN[lag])

    @rule(who=few, unit=few, lag=few, free=few, more=few, rank=few)
    def somebody_reports(self, who: int, unit: int, lag: int, free: int, more: int, rank: int) -> None:
        by = self.reporters[who]
        lines = [self._line(by, unit, free, more, lag)]
        if more == 7:
            lines.append(self._line(by, unit + 1, 5, 0, lag))
        observed = None if lag == 0 else self.before(lag)
        night = None if rank else (self.now.astimezone(ZONE) + timedelta(days=more % 3)).date()
        words = repr((lines, observed, night)).encode()
        self.write(Report(self.id(rank), by, self.shelter, tuple(lines), words, observed, None, night))

    def _line(self, by: Reporter, unit: int, free: int, more: int, lag: int) -> Line:
        unit_id = self.units[unit % 3]
        count = (0, 2, 5, 5, 9, 9, 13, None)[free]
        capacity = out = intake = base = None
        over_by = 2 if free == 0 and more % 2 else 0
        if by.spoke is Spoke.PERSON:
            out = (OutOfService(OutReason.REPAIR, 2),) if more == 1 else () if more == 2 else None
            intake = Intake(paused=more == 3) if more in {3, 4} or count is None else None
            seen = self.seen[unit_id]
            base = seen[-1] if more == 5 else seen[-3:][0] if more == 6 else None
        else:
            count = 5 if count is None else count
            capacity = 10 + 2 * more if more in {1, 2} else None
            count = 70 if more == 3 else count
        words = repr((count, over_by, out, intake, capacity, lag and self.before(lag))).encode()
        return Line(unit_id, count, over_by, out, intake, capacity, base, words)

    @rule(unit=few, places=few, lag=few, counted=few)
    def somebody_comes_or_goes(self, unit: int, places: int, lag: int, counted: int) -> None:
        unit_id, direction = self.units[unit % 3], list(Direction)[places % 2]
        reports = [w for w in self.done if isinstance(w, Report)]
        named = reports[-counted].id if counted and len(reports) >= counted else None
        self._move(unit_id, 1 + places // 3, direction, lag, counted_in=named if places > 3 else None)

    def _move(self, unit_id: UUID, places: int, direction: Direction, lag: int, **said: Any) -> None:
        actor = self.stranger if places == 3 and lag == 1 else SYSTEM
        occurred = None if lag == 0 else self.before(lag)
        words = repr((unit_id, places, direction, occurred, said)).encode()
        self.write(Move(self.id(), actor, unit_id, direction, places, words, occurred, **said))

    @rule(unit=few, places=few, request=few, other=few)
    def the_desk_holds(self, unit: int, places: int, request: int, other: int) -> None:
        unit_id, need = self.units[unit % 3], 1 + places % 3
        request_id = self.requests[request] if request < len(self.requests) else None
        replaces = self._hold(other).id if other > 4 and self._holds() else None
        expires = self.now + timedelta(minutes=(30, -1)[places // 4])
        words = repr((unit_id, need, request_id, replaces, expires)).encode()
        self.write(Hold(self.id(), SYSTEM, unit_id, need, expires, words, request_id, replaces))

    def _holds(self) -> list[Hold]:
        return [work for work in self.done[-40:] if isinstance(work, Hold)]

    def _hold(self, which: int) -> Hold:
        holds = self._holds()
        return holds[-1 - which % len(holds)] if holds else Hold(self.id(), SYSTEM, self.units[0], 1, self.now, b"")

    @rule(which=few, how=few)
    def a_hold_ends(self, which: int, how: int) -> None:
        hold = self._hold(which)
        ending = (Ending.DECLINED, Ending.CANCELLED, Ending.LAPSED, Ending.NO_SHOW)[how % 4]
        words = repr((hold.id, ending)).encode()
        self.write(EndHold(self.id(), self.stranger if how == 7 else SYSTEM, hold.id, ending, words))

    @rule(which=few, lag=few, unit=few)
    def somebody_arrives_on_a_hold(self, which: int, lag: int, unit: int) -> None:
        hold = self._hold(which)
        self._move(self.units[0] if unit == 7 else hold.unit_id, hold.places, Direction.IN, lag, hold_id=hold.id)

    @rule(which=few)
    def a_movement_never_was(self, which: int) -> None:
        moves = [work.id for work in self.done[-30:] if isinstance(work, Move)]
        self.write(VoidMovement(moves[-1 - which % len(moves)] if moves else self.id(), SYSTEM))

    @rule(unit=few, closed=st.booleans())
    def a_unit_closes_or_opens(self, unit: int, closed: bool) -> None:
        self.write(CloseUnit(self.units[unit % 3], self.stranger if unit == 7 else SYSTEM, closed))

    @rule(what=few, hours=few)
    def a_surge_begins_or_changes(self, what: int, hours: int) -> None:
        until = self.now + timedelta(hours=(12, 3, 1, 30, 400, 20, 6, -1)[hours])
        if what < 3:
            units = (self.units[0 if what == 2 else 2],)
            said = Said(self.id(), SYSTEM, "a test", repr((units, until)).encode())
            self.write(ActivateSurge(said, units, Reason.COLD, until))
        else:
            surges = [work.said.id for work in self.done if isinstance(work, ActivateSurge)] or [self.id()]
            new = None if what == 7 else until
            said = Said(self.id(), SYSTEM, "a test", repr((surges[-1], new)).encode())
            self.write(ChangeSurge(said, surges[-1], new))

    @rule(which=few, other=st.booleans())
    def it_is_sent_again(self, which: int, other: bool) -> None:
        """As it was, or with other words under the same id."""
        works = [work for work in self.done[-24:] if not isinstance(work, ChangeSurge | ActivateSurge | Refresh)]
        oldest = self.now - timedelta(hours=5)
        works = [work for work in works if not isinstance(work, Report) or (work.observed_at or self.now) > oldest]
        if works:
            work = works[-1 - which % len(works)]
            sent = replace(work, body_hash=b"other words") if other and hasattr(work, "body_hash") else work
            self.batch.append(sent)

    @rule(minutes=few)
    def time_passes(self, minutes: int) -> None:
        self.commit()
        self.now += timedelta(minutes=_PASSES_MIN[minutes % len(_PASSES_MIN)])
        self.ground.run(self.ground.pool.execute(_CLOCK, self.now))

    @rule(what=few)
    def a_node_looks_or_redis_is_emptied(self, what: int) -> None:
        if what == 7:
            self.ground.run(_empty(self.ground.links))
        elif what == 6:
            self.write(Refresh(tuple(self.units)))
        else:
            self.ground.run(self.nodes[what % 2].relay.poll(urgent=True))

    # -- in the end

    def teardown(self) -> None:
        self.write(Refresh(tuple(self.units)))
        self.commit()
        self.ground.run(self._end())

    async def _end(self) -> None:
        try:
            for _ in range(_TRIES):
                # More than once, because a look is bounded in time, and a busy machine may be slower.
                for node in self.nodes:
                    await node.relay.poll(urgent=True)
                async with self.ground.pool.acquire() as connection:
                    head, subjects = await read_board(connection, self.region)
                reading = await self.nodes[0].board.read()
                if reading is not None and {reading.head, *(node.mirror.head for node in self.nodes)} == {head}:
                    break
            assert reading is not None
            assert (reading.head, reading.subjects) == (head, subjects)
            for node in self.nodes:
                assert (node.mirror.head, tuple(node.mirror.subjects())) == (head, subjects)
            found = await verify_region(self.ground.pool, self.ground.links, self.region)
            assert found.clean, [str(difference) for difference in found.differences[:10]]
        finally:
            for node in self.nodes:
                await node.stop()


@pytest.fixture
def _ground(settings: Settings) -> Iterator[None]:
    GROUND.append(Ground(settings))
    yield
    GROUND.pop().close()


@pytest.mark.usefixtures("_ground")
@pytest.mark.parametrize(
    "examples",
    [
        pytest.param(500, marks=pytest.mark.timeout(1_200)),
        pytest.param(2_000, marks=[pytest.mark.faults, pytest.mark.timeout(1_800)]),
    ],
)
def test_the_inventory_is_what_a_clerk_would_write_down(examples: int) -> None:
    examples = int(os.environ.get("HALTE_MODEL_EXAMPLES") or examples)
    number = int(os.environ.get("HALTE_MODEL_SEED") or random.randrange(1_000_000))
    print(f"HALTE_MODEL_SEED={number}")
    run_state_machine_as_test(seed(number)(Inventory), settings=_settings(examples))


@pytest.mark.usefixtures("_ground")
def test_answers_are_true_where_one_submission_takes_several_commits() -> None:
    state = Inventory()
    state.a_surge_begins_or_changes(what=1, hours=2)
    state.a_unit_closes_or_opens(closed=False, unit=5)
    for hours in (1, 6, 0, 5):
        state.a_surge_begins_or_changes(what=3, hours=hours)
    state.a_surge_begins_or_changes(what=7, hours=0)
    state.teardown()


def _settings(examples: int) -> Any:
    """A failure is made smaller only where somebody repeats it: that takes minutes."""
    phases = (Phase.generate, Phase.shrink) if "HALTE_MODEL_SHRINK" in os.environ else (Phase.generate,)
    return hypothesis_settings(
        max_examples=examples, stateful_step_count=_STEPS, deadline=None, database=None, phases=phases,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
