"""A replay from sign-in to comparison: what is planned, where it goes on, what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from halte.replay.accounting import Account, Told, balance, listing
from halte.replay.comparing import Difference, Expected, compare, read_exactly
from halte.replay.plans import Plan
from halte.replay.pushing import Clock, Pusher
from halte.replay.remembering import Progress, put_in_place, recall, remember
from halte.replay.sourcing import Course, Source
from halte.replay.steps import NotThisFile, Step, Words
from halte.visiting.calling import Administrator, Caller, Key
from halte.visiting.keying import revoke_keys, take_keys

# A node follows the journal: the board may lag behind the last answer, never lead it (I6).
_LOOKS = 5
_LOOK_AGAIN_S = 0.5


OWN_TIME = """\
This server is no demo: it lives in its own time. The counts go out dated with their own time, but openings, closings
and definitions carry the time at which they are sent, and a past night stays past. Expect differences at the end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to replay: which source, in which time zone, which of its days and steps, remembered where."""

    source: Source
    zone: ZoneInfo
    state: Path
    first: date | None = None
    days: int | None = None
    most: int | None = None

    @property
    def listing(self) -> Path:
        """Where every row is written down that was not applied."""
        return self.state.with_name(f"{self.state.stem}.rows.csv")


@dataclass(frozen=True, slots=True)
class Units:
    """How many the source names, of how many it does not tell how they ended, and how many others the region has."""

    named: int
    untold: int
    others: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `notes` tell what was refused beside rows, and what else a reader must know."""

    words: Words
    first: str
    last: str
    account: Account
    listing: Path
    units: Units
    notes: tuple[str, ...]
    differences: tuple[Difference, ...]

    @property
    def fine(self) -> bool:
        return not self.differences and not self.account.missing


# Told before the first step (None) and after every one: how many of how many are done.
Watch = Callable[[Plan | None, int, int], None]


async def replay(
    wanted: Wanted, caller: Caller, login: str, password: str, watch: Watch, notice: Callable[[str], None]
) -> Outcome:
    administrator, region = await caller.sign_in(login, password)
    progress = go_on(wanted, region)
    steps = select(wanted, progress)
    course = await wanted.source.course(administrator, region, steps, wanted.zone)
    keys = await take_keys(administrator, caller, course.holders)
    clock = Clock(administrator, lambda: notice(OWN_TIME))
    pusher = Pusher(administrator, keys, clock)
    done = _done(steps, progress)
    watch(None, done, len(steps))
    for nth, plan in enumerate(course.plans(), start=1):
        if nth > done:
            progress.finish(plan.name, await pusher.push(plan))
            await asyncio.to_thread(remember, wanted.state, progress)
            watch(plan, nth, len(steps))
    # Where nothing was left, the board is looked at in the moment in which it ended.
    await clock.turn_to(plan.counted_at)
    differences, others = await _compare(administrator, keys, course.expected)
    if steps[-1] == wanted.source.steps[-1]:
        # Until then, whoever goes on is the same feed: a server remembers what each key said last.
        await revoke_keys(administrator, course.holders)
    outcome = _outcome(wanted, steps, progress, course, differences, others)
    await asyncio.to_thread(put_in_place, outcome.listing, listing(outcome.account, wanted.source.words))
    return outcome


def _outcome(
    wanted: Wanted,
    steps: Sequence[Step],
    progress: Progress,
    course: Course,
    differences: Sequence[Difference],
    others: int,
) -> Outcome:
    expected = course.expected.values()
    return Outcome(
        words=wanted.source.words,
        first=steps[0].name,
        last=steps[-1].name,
        account=balance(wanted.source, steps, progress.told),
        listing=wanted.listing,
        units=Units(len(expected), sum(one.untold for one in expected), others),
        notes=(*progress.told.steps, *course.notes()),
        differences=tuple(differences),
    )


def go_on(wanted: Wanted, region: UUID) -> Progress:
    """Return the progress of the same replay where there is one, else of a new one."""
    source = wanted.source
    begun = next((step.name for step in source.steps if wanted.first is None or step.date >= wanted.first), None)
    if begun is None:
        whole, last = source.words.source.capitalize(), source.steps[-1].date
        raise NotThisFile(f"{whole} ends before {wanted.first}: its last day is {last}.")
    left = recall(wanted.state)
    same = left is not None and (left.file, left.region) == (source.digest, region)
    if left is not None and same and (wanted.first is None or begun == left.first):
        return left
    return Progress(source.digest, region, begun, Told())


def select(wanted: Wanted, progress: Progress) -> Sequence[Step]:
    """Return the steps to plan: those asked for, and those that were replayed before."""
    names = [step.name for step in wanted.source.steps]
    steps = wanted.source.steps[names.index(progress.first) :]
    asked = len(steps)
    if wanted.days is not None:
        days = list(dict.fromkeys(step.date for step in steps))[: wanted.days]
        asked = sum(step.date <= days[-1] for step in steps)
    if wanted.most is not None:
        asked = min(asked, wanted.most)
    return steps[: max(asked, _done(steps, progress))]


def _done(steps: Sequence[Step], progress: Progress) -> int:
    return next((nth for nth, step in enumerate(steps, start=1) if step.name == progress.finished), 0)


async def _compare(
    administrator: Administrator, keys: Mapping[UUID, Key], expected: Mapping[UUID, Expected]
) -> tuple[list[Difference], int]:
    """Return the differences, and how many units of the board the source does not name."""
    for _ in range(_LOOKS):
        board = await read_exactly(administrator, keys, expected)
        differences = compare(expected, board)
        if not differences:
            break
        await asyncio.sleep(_LOOK_AGAIN_S)
    return differences, len({unit.id for unit in board.units} - expected.keys())
