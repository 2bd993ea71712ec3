"""Words for what people do beside reporting: hold, end, come in, leave; and for checking every figure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from inventory.holding import EndHold, Ending, Hold, HoldAnswer
from inventory.lane.past import movement_of
from inventory.lane.rows import StateRow, known_of, said_of, told_of, unit_of
from inventory.lane.working import SYSTEM
from inventory.lane.writer import InventoryWriter
from inventory.model.counting import Basis, Direction, HoldSpan, Spoke
from inventory.model.night import noon_of
from inventory.model.policy import Policy
from inventory.model.state import Moment, UnitState, fold
from inventory.model.story import Outcome, Told
from inventory.model.story import tell as retold
from inventory.moving import Move
from inventory.policing import PolicyAnswer, SetPolicy
from inventory.reporting import Reporter
from kernel.ids import new_id
from kernel.journal import Range, read_board
from kernel.lane import Lane
from kernel.postgres import Pool, open_pool
from kernel.problems import Busy, OutcomeUnknown, Problem
from kernel.settings import Settings
from tests.integration.inventory.conftest import Place

BRUSSELS = ZoneInfo("Europe/Brussels")
NIGHT = date(2026, 3, 10)


def at(clock: str, day: date = NIGHT) -> datetime:
    """Return the instant of a time of day in Brussels."""
    return datetime.combine(day, time.fromisoformat(clock), BRUSSELS).astimezone(UTC)


async def set_clock(pool: Pool, shown: datetime, speed: float = 1.0) -> None:
    """Let halte_now() show this instant, and go on from there."""
    await pool.execute(
        "INSERT INTO demo_clock (id, real_anchor, shown_anchor, speed) VALUES (1, clock_timestamp(), $1, $2) "
        "ON CONFLICT (id) DO UPDATE SET real_anchor = excluded.real_anchor, shown_anchor = excluded.shown_anchor, "
        "speed = excluded.speed",
        shown,
        speed,
    )


@asynccontextmanager
async def node(settings: Settings, region_id: UUID, published: list[Range] | None = None) -> AsyncIterator[Lane]:
    """Another node of the same region: a lane with connections of its own."""
    ranges = published if published is not None else []

    async def publish(changes: Range) -> None:
        ranges.append(changes)

    pool = await open_pool(settings, "second")
    lane = Lane(pool, region_id, InventoryWriter(region_id, BRUSSELS), publish, settings)
    lane.start()
    try:
        yield lane
    finally:
        await lane.stop()
        await pool.close()


async def rule(lane: Lane, policy: Policy, base_version: int = 0, *, id: UUID | None = None) -> int:
    """Put these rules in force, in the place of that version's; return the new one."""
    words = repr((policy, base_version)).encode()
    answer: PolicyAnswer = await lane.submit(SetPolicy(id or new_id(), SYSTEM, policy, base_version, "a test", words))
    return answer.version


def hold_of(unit_id: UUID, places: int = 1, *, id: UUID | None = None, minutes: int = 60, **said: Any) -> Hold:
    """A hold by the system; `request_id` and `replaces` as they are."""
    expires_at = datetime.now(UTC) + timedelta(minutes=minutes)
    words = repr((unit_id, places, sorted(said.items(), key=str))).encode()
    return Hold(id or new_id(), SYSTEM, unit_id, places, said.pop("expires_at", expires_at), words, **said)


def end_of(hold_id: UUID, ending: Ending = Ending.CANCELLED, *, id: UUID | None = None) -> EndHold:
    return EndHold(id or new_id(), SYSTEM, hold_id, ending, repr((hold_id, ending)).encode())


def move_of(
    unit_id: UUID, places: int = 1, direction: Direction = Direction.IN, *, id: UUID | None = None, **said: Any
) -> Move:
    """A movement by the system; `occurred_at`, `sent_at`, `hold_id` and `counted_in` as they are."""
    words = repr((unit_id, places, direction, sorted(said.items(), key=str))).encode()
    actor_id = said.pop("actor_id", SYSTEM)
    return Move(id or new_id(), actor_id, unit_id, direction, places, words, **said)


async def machine(place: Place, basis: Basis = Basis.PHYSICAL, settle_lag_s: int = 0) -> Reporter:
    """A machine key that may report for the shelter, and what it declares of its counts."""
    key_id = new_id()
    await place.pool.execute(
        "INSERT INTO machine_key (id, region_id, name, verbs, basis, settle_lag_s, actor_id) "
        "VALUES ($1, $2, 'a feed', '{report,move}', $3, $4, $5)",
        key_id,
        place.region_id,
        basis.value,
        settle_lag_s,
        SYSTEM,
    )
    await place.pool.execute(
        "INSERT INTO machine_key_shelter (key_id, shelter_id, actor_id) VALUES ($1, $2, $3)",
        key_id,
        place.shelter_id,
        SYSTEM,
    )
    return Reporter(key_id, Spoke.FEED, basis, settle_lag_s)


async def person(place: Place, role: str = "staff", *shelters: UUID) -> Reporter:
    """Somebody with an account, and grants for these shelters."""
    account_id = new_id()
    await place.pool.execute(
        "INSERT INTO account (id, region_id, login, role, password_hash, language, actor_id) "
        "VALUES ($1, $2, $3, $4, 'x', 'fr', $5)",
        account_id,
        place.region_id,
        account_id.hex,
        role,
        SYSTEM,
    )
    for shelter_id in shelters:
        await place.pool.execute(
            "INSERT INTO account_shelter (account_id, shelter_id, actor_id) VALUES ($1, $2, $3)",
            account_id,
            shelter_id,
            SYSTEM,
        )
    return Reporter(account_id, Spoke.PERSON)


async def held(place: Place, unit_id: UUID, places: int = 1, **said: Any) -> UUID:
    """Take a hold and return its id."""
    answer: HoldAnswer = await place.lane.submit(hold_of(unit_id, places, **said))
    return answer.hold_id


async def tell(lane: Lane, work: Any) -> Any:
    """Submit and return the answer or the problem."""
    (outcome,) = await lane.submit_all([work], bulk=False)
    return outcome


async def at_once(lanes: Iterable[Lane], works: Iterable[Any]) -> list[Any]:
    """Let all works race, dealt out over the lanes."""
    nodes = list(lanes)
    return await asyncio.gather(*(tell(nodes[n % len(nodes)], work) for n, work in enumerate(works)))


async def until_known(lane: Lane, work: Any) -> tuple[Any, int]:
    """Repeat a work, as a client does, until it is kept or refused; return the outcome and how often there was none."""
    unknown = 0
    while isinstance(outcome := await tell(lane, work), OutcomeUnknown | Busy):
        unknown += 1
        await asyncio.sleep(0.01)
    return outcome, unknown


def slugs(outcomes: Iterable[Any]) -> list[str]:
    return [outcome.slug if isinstance(outcome, Problem) else "granted" for outcome in outcomes]


async def journal(pool: Pool, region_id: UUID) -> list[asyncpg.Record]:
    return await pool.fetch("SELECT * FROM journal WHERE region_id = $1 ORDER BY seq", region_id)


async def check_journal(pool: Pool, region_id: UUID) -> None:
    """I5, I6: gapless up to the counter, a batch in one piece, the board its last state of each subject."""
    rows = await journal(pool, region_id)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert await pool.fetchval("SELECT seq FROM region WHERE id = $1", region_id) == len(rows)
    changes = [row["batch"] for n, row in enumerate(rows) if n == 0 or rows[n - 1]["batch"] != row["batch"]]
    assert len(changes) == len(set(changes)), "the entries of one batch lie together"
    batches: dict[UUID, list[UUID]] = {}
    for row in rows:
        batches.setdefault(row["batch"], []).append(row["subject_id"])
    assert all(len(subjects) == len(set(subjects)) for subjects in batches.values())
    async with pool.acquire() as connection:
        head, subjects = await read_board(connection, region_id)
    assert head.seq == len(rows)
    last = {row["subject_id"]: row for row in rows}
    assert {s.id: (s.seq, s.body.decode(), s.gone) for s in subjects} == {
        id: (row["seq"], row["body"], row["gone"]) for id, row in last.items()
    }


_REPORTS = """
SELECT u.*, r.spoke, r.actor_id, r.night, r.skewed FROM report_unit u JOIN report r ON r.id = u.report_id
WHERE u.unit_id = $1 ORDER BY u.nth
"""
_MOVED = """
SELECT m.*, c.at AS counted_at FROM movement m
LEFT JOIN report_unit c ON c.report_id = m.counted_in AND c.unit_id = m.unit_id
WHERE m.unit_id = $1 AND m.voided_at IS NULL
"""
_SPANS = """
SELECT h.places, h.held_at, least(h.ended_at, m.occurred_at) AS ended_at, h.state FROM hold h
LEFT JOIN hold_end e ON e.hold_id = h.id AND e.outcome = 'arrived'
LEFT JOIN movement m ON m.id = e.movement_id AND m.voided_at IS NULL
WHERE h.unit_id = $1
"""


async def recount(pool: Pool, unit_id: UUID) -> UnitState:
    """Count one unit anew from everything that was ever said of it, and check the registers on the way."""
    row = await pool.fetchrow(
        "SELECT u.*, s.*, to_json(s)::text AS state, h.closed AS shelter_closed "
        "FROM unit u JOIN unit_state s ON s.unit_id = u.id "
        "JOIN shelter h ON h.id = u.shelter_id WHERE u.id = $1",
        unit_id,
    )
    assert row is not None
    said = await pool.fetch(_REPORTS, unit_id)
    assert [line["nth"] for line in said] == list(range(1, len(said) + 1))
    reopened = await pool.fetch("SELECT at FROM closing WHERE unit_id = $1 AND NOT closed", unit_id)
    lines = [said_of(line) for line in said if line["outcome"] != Outcome.REPEATED]
    told = retold(Told(), {}, lines, [*(one["at"] for one in reopened), *filter(None, [row["reopened_at"]])])
    registers = msgspec.json.decode(row["state"], type=StateRow)
    assert told_of(registers) == told.told(row["night"])
    spans = await pool.fetch(_SPANS, unit_id)
    assert row["held"] == sum(span["places"] for span in spans if span["state"] == "held"), "verify recomputes held"
    unit = unit_of(row)
    known = known_of(registers, unit, shelter_closed=row["shelter_closed"])
    movements = [movement_of(moved) for moved in await pool.fetch(_MOVED, unit_id)]
    holds = [HoldSpan(span["places"], span["held_at"], span["ended_at"]) for span in spans]
    state = fold(known, movements, holds, Moment(noon_of(row["night"], BRUSSELS), BRUSSELS, Policy()))
    assert (row["status"], row["free"], row["over_by"]) == (state.status.value, state.free, state.over_by)
    return state
