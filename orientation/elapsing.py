"""Elapsing: what time alone does to requests and placements, through the lane, on however many nodes (I12).

Each portion is looked at again under its locks: another node may have been quicker, or somebody at the desk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec
import structlog

from inventory.holding import Ending
from inventory.lane.loading import Touches
from inventory.lane.working import SYSTEM, Working
from inventory.model.night import night_of, noon_of
from inventory.region import Region
from kernel.ids import new_id
from kernel.journal import Cause
from kernel.lane import Finish
from kernel.postgres import Pool
from kernel.problems import Internal
from orientation.closing import closed
from orientation.lane.records import Records, records_of
from orientation.model.placement import PlacementState
from orientation.model.request import SHOWN_CLOSED, Due, Outcome, Request, UnmetReason, due

log = structlog.get_logger()

_PORTION = 100
_BEFORE_ALL = UUID(int=0)
_UNSAID = b""
# As model/request.py `due` has it.
_DUE_REQUESTS = """
SELECT id FROM request
WHERE region_id = $1 AND NOT gone AND id > $2 AND (
  state = 'closed' AND closed_at <= $4
  OR state = 'waiting' AND expires_at <= $3
  OR state <> 'closed' AND paused_until <= $3
  OR state <> 'closed' AND regime = 'night' AND refreshed_at < $5 AND NOT EXISTS (
    SELECT FROM hold h WHERE h.id = request.placement_id AND h.state = 'held' AND h.expires_at > $3))
ORDER BY id LIMIT $6
"""
_PAST_PLACEMENTS = """
SELECT id FROM placement WHERE region_id = $1 AND NOT gone AND ended_at <= $3 AND id > $2 ORDER BY id LIMIT $4
"""
_DESTROY = "DELETE FROM night_key WHERE region_id = $1 AND night < $2"


@dataclass(frozen=True, slots=True)
class LetTimePass:
    """Do to these what is due to them now, if anything still is."""

    requests: tuple[UUID, ...] = ()
    placements: tuple[UUID, ...] = ()

    @property
    def weight(self) -> int:
        return len(self.requests) + len(self.placements)

    def touch(self, touches: Touches) -> None:
        touches.requests.update(self.requests)
        touches.holds.update(self.placements)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        noon = noon_of(working.night, working.moment.zone)
        for request_id in self.requests:
            request = records.requests.get(request_id)
            task = None if request is None else due(request, working.now, noon, _held_until(working, request_id))
            if request is not None and task is not None:
                _do(task, working, records, request)
        for placement_id in self.placements:
            placement = records.placements.get(placement_id)
            if placement is not None and _past(placement.ended_at, working.now) and not placement.gone:
                records.put_placement(replace(placement, gone=True), Cause("go", None, SYSTEM))
        return lambda _numbered: None


def _held_until(working: Working, request_id: UUID) -> datetime | None:
    hold_id = working.open_holds.get(request_id)
    return None if hold_id is None else working.holds[hold_id].expires_at


def _past(ended_at: datetime | None, now: datetime) -> bool:
    return ended_at is not None and ended_at <= now - SHOWN_CLOSED


def _do(task: Due, working: Working, records: Records, request: Request) -> None:
    changed, facts = _changed(task, working, records, request)
    event_id = new_id()
    changed = records.put_request(changed, Cause(task, event_id, SYSTEM))
    if task is not Due.GO:
        said = msgspec.json.encode(facts).decode()
        records.record_event(event_id, task, working.now, SYSTEM, _UNSAID, request=changed, facts=said)


def _changed(task: Due, working: Working, records: Records, request: Request) -> tuple[Request, Mapping[str, str]]:
    match task:
        case Due.GO:
            return replace(request, gone=True), {}
        case Due.RESUME:
            return replace(request, paused_until=None), {}
        case Due.EXPIRE:
            outcome, reason = Outcome.EXPIRED, None
        case Due.CLOSE_OUT:
            outcome, reason = Outcome.UNMET, UnmetReason.NIGHT_OVER
    ended = closed(
        working, request, outcome, reason, ending=_ending(records, request), actor_id=SYSTEM, body_hash=_UNSAID
    )
    return ended, {"outcome": outcome} | ({} if reason is None else {"reason": reason})


def _ending(records: Records, request: Request) -> Ending:
    """The clock's own endings, after which an arrival is still taken (I3).

    Somebody may have slept there and was not written in: a cancelled placement could not be mended in the morning.
    """
    placement = None if request.placement_id is None else records.placements.get(request.placement_id)
    accepted = placement is not None and placement.state is PlacementState.ACCEPTED
    return Ending.NO_SHOW if accepted else Ending.LAPSED


async def pass_requests(region: Region) -> None:
    """Expire, resume, close out and take off the screens, a portion at a time, by the clock of each portion."""
    after = _BEFORE_ALL
    while region.watch.sweeps_allowed:
        now: datetime = await region.pool.fetchval("SELECT halte_now()")
        noon = noon_of(night_of(now, region.zone), region.zone)
        found = await read_due(region.pool, region.id, after, now, noon)
        if not found:
            return
        after = found[-1]
        await _let_pass(region, [LetTimePass(requests=(one,)) for one in found])


async def read_due(pool: Pool, region_id: UUID, after: UUID, now: datetime, noon: datetime) -> list[UUID]:
    """Return a portion of the requests to which something is due, in the order of their ids."""
    rows = await pool.fetch(_DUE_REQUESTS, region_id, after, now, now - SHOWN_CLOSED, noon, _PORTION)
    return [row["id"] for row in rows]


async def pass_placements(region: Region) -> None:
    """Take off the screens what ended long ago."""
    after = _BEFORE_ALL
    while region.watch.sweeps_allowed:
        past: datetime = await region.pool.fetchval("SELECT halte_now() - $1::interval", SHOWN_CLOSED)
        rows = await region.pool.fetch(_PAST_PLACEMENTS, region.id, after, past, _PORTION)
        if not rows:
            return
        after = rows[-1]["id"]
        await _let_pass(region, [LetTimePass(placements=(row["id"],)) for row in rows])


async def _let_pass(region: Region, portion: Sequence[LetTimePass]) -> None:
    """Let a portion pass at once; where that cannot be done, each alone: one bad row must not stop a region's time."""
    whole = LetTimePass(
        tuple(one for each in portion for one in each.requests),
        tuple(one for each in portion for one in each.placements),
    )
    if not await region.trusts_clock():
        return
    try:
        await region.lane.submit(whole, bulk=True)
    except Internal:
        outcomes = await region.lane.submit_all(portion)
        bad = [one for one, outcome in zip(portion, outcomes, strict=True) if isinstance(outcome, Internal)]
        log.exception("elapsing.stuck", region=str(region.id), ids=[str(*one.requests, *one.placements) for one in bad])


async def destroy_keys(region: Region) -> None:
    """After its noon nobody can find out which requests of a night were of one household."""
    now: datetime = await region.pool.fetchval("SELECT halte_now()")
    if await region.trusts_clock():
        await region.pool.execute(_DESTROY, region.id, night_of(now, region.zone))
