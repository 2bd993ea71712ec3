"""A replay from sign-in to comparison: what is planned, where it goes on, what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from halte.replay import naming
from halte.replay.accounting import Account, Told, balance, listing
from halte.replay.calling import Administrator, Caller, Key
from halte.replay.comparing import Difference, compare, read_board, read_exactly
from halte.replay.gathering import Day, Reading
from halte.replay.keying import Holder, revoke_keys, take_keys
from halte.replay.planning import DayPlan, Expected, Home, Planner
from halte.replay.pushing import Clock, Pusher
from halte.replay.reading import NotThisFile
from halte.replay.remembering import Progress, put_in_place, recall, remember

# A node follows the journal: the board may lag behind the last answer, never lead it (I6).
_LOOKS = 5
_LOOK_AGAIN_S = 0.5


OWN_TIME = """\
This server is no demo: it lives in its own time. The counts go out dated with their own day, but openings, closings and
definitions carry the time at which they are sent, and a past night stays past. Expect differences at the end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to replay: which file, in which time zone, which of its days, remembered where."""

    reading: Reading
    zone: ZoneInfo
    state: Path
    first: date | None = None
    days: int | None = None

    @property
    def listing(self) -> Path:
        """Where every row is written down that was not applied."""
        return self.state.with_name(f"{self.state.stem}.rows.csv")


@dataclass(frozen=True, slots=True)
class Units:
    """How many the file names, of how many it does not tell how they ended, and how many others the region has."""

    named: int
    untold: int
    others: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    `steps` are definitions and turns that the server refused, `moved` names programmes that speak of another site and
    since when, `kept_open` says on which days how many seemed absent and were not closed.
    """

    first: date
    last: date
    account: Account
    listing: Path
    units: Units
    steps: tuple[str, ...]
    moved: Mapping[str, date]
    kept_open: Mapping[date, int]
    differences: tuple[Difference, ...]

    @property
    def fine(self) -> bool:
        return not self.differences and not self.account.missing


# Told before the first day (None) and after every one: how many of how many are done.
Watch = Callable[[DayPlan | None, int, int], None]


class _Site(msgspec.Struct):
    class Operator(msgspec.Struct):
        id: UUID

    class Unit(msgspec.Struct):
        id: UUID

    id: UUID
    operator: Operator
    units: list[Unit]


class _Sites(msgspec.Struct):
    shelters: list[_Site]


async def replay(
    wanted: Wanted, caller: Caller, login: str, password: str, watch: Watch, notice: Callable[[str], None]
) -> Outcome:
    administrator, region = await caller.sign_in(login, password)
    progress = go_on(wanted, region)
    planner = await _planner(administrator, region, wanted.reading.digest)
    plans = [planner.plan(day) for day in select(wanted, progress)]
    holders = _holders(planner.expected)
    keys = await take_keys(administrator, caller, holders)
    clock = Clock(administrator)
    left = [plan for plan in plans if progress.finished is None or plan.day > progress.finished]
    await clock.turn_to(_begins(plans, left, wanted.zone))
    if not clock.ours:
        notice(OWN_TIME)
    watch(None, len(plans) - len(left), len(plans))
    pusher = Pusher(administrator, keys, clock, wanted.zone)
    for done, plan in enumerate(left, start=len(plans) - len(left) + 1):
        progress.finish(plan.day, await pusher.push(plan))
        await asyncio.to_thread(remember, wanted.state, progress)
        watch(plan, done, len(plans))
    differences, others = await _compare(administrator, keys, planner.expected)
    await revoke_keys(administrator, holders)
    outcome = _outcome(wanted, progress, planner, plans[-1].day, differences, others)
    await asyncio.to_thread(put_in_place, outcome.listing, listing(outcome.account))
    return outcome


def _begins(plans: Sequence[DayPlan], left: Sequence[DayPlan], zone: ZoneInfo) -> datetime:
    """Return where the clock must stand first: in the night to go on with, or in the last one if none is left."""
    return naming.begins_at(left[0].day, zone) if left else naming.counted_at(plans[-1].day, zone)


def _outcome(
    wanted: Wanted, progress: Progress, planner: Planner, last: date, differences: list[Difference], others: int
) -> Outcome:
    return Outcome(
        first=progress.first,
        last=last,
        account=balance(wanted.reading, progress.first, last, progress.told),
        listing=wanted.listing,
        units=Units(len(planner.expected), sum(one.doubted for one in planner.expected.values()), others),
        steps=tuple(progress.told.steps),
        moved=planner.moved,
        kept_open=planner.kept_open,
        differences=tuple(differences),
    )


def go_on(wanted: Wanted, region: UUID) -> Progress:
    """Return the progress of the same replay where there is one, else of a new one."""
    reading = wanted.reading
    left = recall(wanted.state)
    if left is not None and (left.file, left.region) == (reading.digest, region):
        begun = next((day.date for day in reading.days if wanted.first and day.date >= wanted.first), left.first)
        if begun == left.first:
            return left
    first = next((day.date for day in reading.days if wanted.first is None or day.date >= wanted.first), None)
    if first is None:
        raise NotThisFile(f"The file ends before {wanted.first}: its last day is {reading.days[-1].date}.")
    return Progress(reading.digest, region, first, Told())


def select(wanted: Wanted, progress: Progress) -> Sequence[Day]:
    """Return the days to plan: those asked for, and those that were replayed before."""
    days = [day for day in wanted.reading.days if day.date >= progress.first]
    done = sum(1 for day in days if progress.finished and day.date <= progress.finished)
    return days if wanted.days is None else days[: max(wanted.days, done)]


async def _planner(administrator: Administrator, region: UUID, digest: str) -> Planner:
    """Return a planner that knows what the server has: of an earlier file, or of this one before an interruption."""
    sites = (await administrator.ask("GET", "/shelters", _Sites)).shelters
    homes = {unit.id: Home(site.id, site.operator.id) for site in sites for unit in site.units}
    closed = {id for id, unit in (await read_board(administrator)).items() if unit.status == "closed"}
    return Planner(region, digest, homes, closed)


def _holders(expected: Mapping[UUID, Expected]) -> dict[UUID, Holder]:
    shelters: dict[UUID, set[UUID]] = {}
    names: dict[UUID, str] = {}
    for one in expected.values():
        shelters.setdefault(one.home.operator_id, set()).add(one.home.shelter_id)
        names[one.home.operator_id] = one.programme.organisation
    return {id: Holder(id, names[id], own) for id, own in shelters.items()}


async def _compare(
    administrator: Administrator, keys: Mapping[UUID, Key], expected: Mapping[UUID, Expected]
) -> tuple[list[Difference], int]:
    """Return the differences, and how many units of the board the file does not name."""
    for _ in range(_LOOKS):
        board = await read_exactly(administrator, keys, expected)
        differences = compare(expected, board)
        if not differences:
            break
        await asyncio.sleep(_LOOK_AGAIN_S)
    return differences, len(board.keys() - expected.keys())
