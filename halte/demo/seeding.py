"""Seeding: puts the invented region into a marked database, through the lane like everybody else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from halte.demo.inventing import InventedRegion, InventedUnit, invent
from halte.demo.marking import mark
from halte.demo.outlining import FILE
from halte.demo.winding import Clock, wind
from halte.regions import ensure_region
from inventory.defining import CloseUnit, DefineOperator, DefineShelter, DefineUnit
from inventory.lane.working import SYSTEM
from inventory.lane.writer import InventoryWriter
from inventory.mapping import has_map, parse_map, put_map
from inventory.model.counting import Spoke
from inventory.model.facts import OutOfService, OutReason
from inventory.reporting import Line, Report, Reporter
from kernel.access import keeping_accounts
from kernel.access.model import COMMAND_LINE, Role
from kernel.access.passwords import Passwords
from kernel.access.problems import LoginTaken
from kernel.journal import Range
from kernel.lane import Lane
from kernel.postgres import Pool, open_engine, open_pool, tie_epoch
from kernel.problems import Busy, OutcomeUnknown, Problem
from kernel.settings import Settings, SettingsError

SLUG, NAME, ZONE = "brussels", "Brussels-Capital", "Europe/Brussels"

# Known to everybody, on purpose: a demonstration has nothing to hide, and listens on this machine only.
PASSWORD = "halte-evening-demo"
LOGINS = (("staff", Role.STAFF), ("desk", Role.DESK), ("supervisor", Role.SUPERVISOR), ("admin", Role.ADMINISTRATOR))

# How long ago each unit's people last said something, in minutes, and how often out of a hundred:
# most are fresh, some are getting old, one in fifty has never been heard of.
_AGES_MIN = ((5, 40), (45, 25), (150, 15), (420, 12), (1_500, 6), (None, 2))


_ANOTHER_REGION = (
    "The data here are of a region that was invented otherwise: with another --seed or --size, or by another release. "
    "Name those, or another --data-dir, or remove the directory: everything in it is invented."
)
# What is submitted at once: well within the lane's queue, however large the region.
_PORTION = 1_000
_TRIES = 20
# What is written at once: on a slow machine, too, in less than the second after which Postgres ends a transaction.
_BATCH = 32
_AGAIN_S = 0.5


async def seed_demo(settings: Settings, seed: int = 1, size: float = 1, clock: Clock = Clock.STILL) -> UUID:
    """Make sure that region, accounts and first counts are there; a second call changes nothing but the clock.

    The clock is set before anybody serves: no node may see how far it has run while the demonstration was ended.
    """
    engine = open_engine(settings, "demo")
    pool = await open_pool(settings, "demo")
    try:
        async with pool.acquire() as connection:
            await mark(connection)
        region_id = await ensure_region(engine, SLUG, NAME, ZONE)
        if not await has_map(engine, region_id):
            await put_map(engine, region_id, parse_map(FILE.read_bytes()), COMMAND_LINE)
        world = invent(region_id, seed, size)
        await wind(pool, ZoneInfo(ZONE), clock)
        await _refuse_another(pool, region_id, world)
        await _write(settings, pool, region_id, world, seed)
        known = {row["login"] for row in await pool.fetch("SELECT login FROM account")}
        for login, role in LOGINS:
            if login in known:
                continue  # asked first, because hashing a password takes its time on purpose
            shelters = world.staffed if role is Role.STAFF else frozenset[UUID]()
            try:
                await keeping_accounts.add_account(
                    engine, Passwords(), region_id=region_id, login=login, password=PASSWORD, role=role,
                    language="fr", shelters=shelters, actor_id=COMMAND_LINE,
                )  # fmt: skip
            except LoginTaken:
                continue
        return region_id
    finally:
        await pool.close()
        await engine.dispose()


async def _refuse_another(pool: Pool, region_id: UUID, world: InventedRegion) -> None:
    """Refuse data of another seed, size or release: what is there would be told as something else."""
    found = await pool.fetch("SELECT id, name, commune FROM shelter WHERE region_id = $1", region_id)
    ours = {shelter.id: (shelter.name, shelter.commune) for shelter in world.shelters}
    if any(ours.get(row["id"]) != (row["name"], row["commune"]) for row in found):
        raise SettingsError(_ANOTHER_REGION)


async def _write(settings: Settings, pool: Pool, region_id: UUID, world: InventedRegion, seed: int) -> None:
    """Write what is not there yet: a first start may have been ended in the middle. The last report is the mark."""
    now: datetime = await pool.fetchval("SELECT halte_now()")
    reports = list(_reports(world.units, now, random.Random(seed)))
    if await pool.fetchval("SELECT count(*) FROM report WHERE id = $1", reports[-1].id):
        return
    async with pool.acquire() as connection:
        await tie_epoch(connection, region_id)

    async def publish(_: Range) -> None:
        """Nobody watches yet; Redis is filled by the first node that starts."""

    small = replace(settings, lane_bulk_max=min(settings.lane_bulk_max, _BATCH))
    lane = Lane(pool, region_id, InventoryWriter(region_id, ZoneInfo(ZONE)), publish, small)
    lane.start()
    try:
        await _submit(lane, [DefineOperator(operator, SYSTEM) for operator in world.operators])
        await _submit(lane, [DefineShelter(shelter, SYSTEM) for shelter in world.shelters])
        await _submit(lane, [DefineUnit(one.unit, one.capacity, SYSTEM) for one in world.units])
        # Surge units open when the cold plan is activated, and not before.
        await _submit(lane, [CloseUnit(one.unit.id, SYSTEM, closed=True) for one in world.units if one.unit.surge])
        await _submit(lane, reports)
    finally:
        await lane.stop()


async def _submit(lane: Lane, works: Sequence[Any]) -> None:
    """Write all of it; what a machine with much else to do could not take just now, again: each has its id (I10)."""
    for start in range(0, len(works), _PORTION):
        left = works[start : start + _PORTION]
        for tried in range(1, _TRIES + 1):
            outcomes = await lane.submit_all(left)
            for outcome in outcomes:
                if isinstance(outcome, Problem) and (tried == _TRIES or not isinstance(outcome, Busy | OutcomeUnknown)):
                    raise outcome
            left = [work for work, outcome in zip(left, outcomes, strict=True) if isinstance(outcome, Problem)]
            if not left:
                break
            await asyncio.sleep(_AGAIN_S)


def _reports(units: Sequence[InventedUnit], now: datetime, chance: random.Random) -> Iterator[Report]:
    """Yield what each unit's people last said: a tight evening, most units full or nearly so."""
    ages, weights = zip(*_AGES_MIN, strict=True)
    for one in units:
        age_min = chance.choices(ages, weights)[0]
        if age_min is None or one.unit.surge:
            continue
        at = now - timedelta(minutes=age_min + chance.uniform(0, 10))
        full = chance.random() < 0.55
        free = 0 if full else chance.randint(1, max(1, one.capacity // 5))
        out: tuple[OutOfService, ...] = ()
        if chance.random() < 0.12:
            out = (OutOfService(chance.choice(list(OutReason)), chance.randint(1, max(1, one.capacity // 8))),)
        line = Line(one.unit.id, free, over_by=chance.randint(1, 3) if full and chance.random() < 0.05 else 0,
                    out_of_service=out, body_hash=one.unit.id.bytes)  # fmt: skip
        reporter = Reporter(SYSTEM, Spoke.PERSON)
        yield Report(
            uuid5(one.unit.id, "first report"), reporter, one.unit.shelter_id, (line,), one.unit.id.bytes, at, now
        )
