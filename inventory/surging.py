"""Surging: a supervisor asks surge units to open until an end, moves the end, or ends it early (I10).

A surge opens no place: units that were closed await a report, and a shelter's report opens them. Units that are
open already keep their count. The end closes them all, and changes neither free nor held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from inventory import tables
from inventory.lane.loading import Touches
from inventory.lane.working import Live, StoredSurgeChange, Working
from inventory.model.surge import UNITS_MAX, Reason, Standing, Surge
from inventory.problems import (
    NotASurgeUnit,
    SurgeEnded,
    SurgeTooLarge,
    SurgeWithoutUnits,
    UnitInSurge,
    UnknownSurge,
    UntilRefused,
)
from kernel.journal import Cause
from kernel.lane import Finish
from kernel.problems import IdReused


@dataclass(frozen=True, slots=True)
class SurgeAnswer:
    surge_id: UUID
    repeated: bool


@dataclass(frozen=True, slots=True)
class Said:
    """Who changes a surge, under which id, why; what it is called in the record."""

    id: UUID
    actor_id: UUID
    why: str
    body_hash: bytes

    def repeats(self, working: Working, surge_id: UUID) -> bool:
        """Tell whether this was done already; refuse the same id for anything else."""
        stored = working.surge_changes.get(self.id)
        if stored is None:
            return False
        if (stored.surge_id, stored.body_hash) != (surge_id, self.body_hash):
            raise IdReused(id=str(self.id))
        return True

    def record(self, working: Working, surge: Surge, verb: str) -> Finish:
        working.surges[surge.id] = surge
        working.surge_changes[self.id] = StoredSurgeChange(surge.id, self.body_hash)
        working.insert(
            tables.surge_change,
            id=self.id,
            surge_id=surge.id,
            verb=verb,
            until=surge.until,
            why=self.why,
            at=working.now,
            actor_id=self.actor_id,
            body_hash=self.body_hash,
        )
        return _finish(surge.id, repeated=False)


def _finish(surge_id: UUID, *, repeated: bool) -> Finish:
    return lambda _numbered: SurgeAnswer(surge_id, repeated)


def _check_until(working: Working, until: datetime, after: datetime) -> datetime:
    latest = working.now + timedelta(seconds=working.moment.policy.surge.longest_s)
    if not after < until <= latest:
        raise UntilRefused(until=until.isoformat(), after=after.isoformat(), latest=latest.isoformat())
    return until


def _set_end(working: Working, live: Live, surge: Surge, until: datetime, cause: Cause) -> None:
    """Let a unit end then. Its shelter's body says so, and everybody sees it there."""
    working.last_surges[live.unit.id] = surge
    live.unit = replace(live.unit, expires_at=until)
    working.expiries[live.unit.id] = until
    site = working.sites[live.unit.shelter_id]
    site.units[live.unit.id] = live.unit
    site.causes.append(cause)


def _units_of(working: Working, surge: Surge) -> list[Live]:
    """Those that are still there, and still kept for surges: one that was made permanent meanwhile ends with none."""
    found = (working.units.get(unit_id) for unit_id in surge.unit_ids)
    return [live for live in found if live is not None and not live.removed and live.unit.surge]


@dataclass(frozen=True, slots=True)
class ActivateSurge:
    """Ask these units to open. `until` is none where the region's rules say how long."""

    said: Said
    unit_ids: tuple[UUID, ...]
    reason: Reason
    until: datetime | None = None

    @property
    def weight(self) -> int:
        return len(self.unit_ids)

    def touch(self, touches: Touches) -> None:
        touches.surge_changes.add(self.said.id)
        touches.units.update(self.unit_ids)
        touches.shelters_of.update(self.unit_ids)

    def apply(self, working: Working) -> Finish:
        surge_id = self.said.id
        if self.said.repeats(working, surge_id):
            return _finish(surge_id, repeated=True)
        lasts = timedelta(seconds=working.moment.policy.surge.lasts_s)
        until = _check_until(working, self.until or working.now + lasts, working.now)
        lives = self._lives(working)
        surge = Surge(surge_id, working.region_id, until, None, self.unit_ids)
        self._insert(working, surge)
        cause = Cause("surge", surge_id, self.said.actor_id)
        for live in lives:
            _set_end(working, live, surge, until, cause)
            live.know(cause)
            if live.known.closed:
                working.close(live, "reopen", self.said.actor_id, closed=False)
        return self.said.record(working, surge, "activate")

    def _lives(self, working: Working) -> list[Live]:
        if not self.unit_ids:
            raise SurgeWithoutUnits
        if len(self.unit_ids) > UNITS_MAX:
            raise SurgeTooLarge(meant=len(self.unit_ids), most=UNITS_MAX)
        lives = [working.live(unit_id) for unit_id in self.unit_ids]
        for live in lives:
            if not live.unit.surge:
                raise NotASurgeUnit(unit=str(live.unit.id))
            last = working.last_surges.get(live.unit.id)
            if last is not None and last.standing(working.now) is Standing.RUNNING:
                raise UnitInSurge(unit=str(live.unit.id), surge=str(last.id))
        return lives

    def _insert(self, working: Working, surge: Surge) -> None:
        working.insert(
            tables.surge,
            id=surge.id,
            region_id=surge.region_id,
            reason=self.reason.value,
            until=surge.until,
            started_at=working.now,
            ended_at=None,
            actor_id=self.said.actor_id,
        )
        for unit_id in self.unit_ids:
            working.insert(tables.surge_unit, surge_id=surge.id, unit_id=unit_id)


@dataclass(frozen=True, slots=True)
class ChangeSurge:
    """Let a running surge end later (`until`), or now (none)."""

    said: Said
    surge_id: UUID
    until: datetime | None = None

    @property
    def weight(self) -> int:
        """How many units it has is not known before it is read."""
        return UNITS_MAX

    def touch(self, touches: Touches) -> None:
        touches.surges.add(self.surge_id)
        touches.surge_changes.add(self.said.id)

    def apply(self, working: Working) -> Finish:
        surge = working.surges.get(self.surge_id)
        if surge is None:
            raise UnknownSurge(surge=str(self.surge_id))
        if self.said.repeats(working, surge.id):
            return _finish(surge.id, repeated=True)
        if surge.standing(working.now) is not Standing.RUNNING:
            raise SurgeEnded(surge=str(surge.id))
        return self._end(working, surge) if self.until is None else self._extend(working, surge, self.until)

    def _extend(self, working: Working, surge: Surge, until: datetime) -> Finish:
        surge = replace(surge, until=_check_until(working, until, surge.until))
        working.moved_surges[surge.id] = surge
        for live in _units_of(working, surge):
            _set_end(working, live, surge, until, Cause("extend", surge.id, self.said.actor_id))
        return self.said.record(working, surge, "extend")

    def _end(self, working: Working, surge: Surge) -> Finish:
        surge = replace(surge, ended_at=working.now)
        working.moved_surges[surge.id] = surge
        cause = Cause("end", surge.id, self.said.actor_id)
        for live in _units_of(working, surge):
            _set_end(working, live, surge, working.now, cause)
            if not live.known.closed:
                live.know(cause)
                working.close(live, "close", self.said.actor_id, closed=True)
        return self.said.record(working, surge, "end")
