"""Defining: what operators, shelters and units there are, and when they are open.

Definitions are whole: putting the same one twice changes nothing. Closing a unit changes neither
free nor held; reopening it needs a report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from inventory import tables
from inventory.lane.loading import Touches
from inventory.lane.rows import attributes, state_row
from inventory.lane.working import Live, Site, Working, current
from inventory.model.counting import Stated, newest
from inventory.model.state import Known, fold
from inventory.model.story import Told
from inventory.model.unit import Operator, Shelter, Unit
from inventory.problems import UnitHasHolds, UnknownOperator, UnknownShelter
from kernel.ids import new_id
from kernel.journal import Cause, Entry, Subject
from kernel.lane import Finish
from kernel.problems import IdReused


@dataclass(frozen=True, slots=True)
class Defined:
    """The thing that was defined; for a unit, with its live state."""

    id: UUID
    subject: Subject | None = None


def _finish(working: Working, defined_id: UUID, live: Live | None = None) -> Finish:
    def finish(numbered: Mapping[UUID, Subject]) -> Defined:
        return Defined(defined_id, current(working, live, numbered) if live else numbered.get(defined_id))

    return finish


@dataclass(frozen=True, slots=True)
class DefineOperator:
    operator: Operator
    actor_id: UUID

    def touch(self, touches: Touches) -> None:
        touches.operators.add(self.operator.id)

    def apply(self, working: Working) -> Finish:
        working.claim("operator", self.operator.id)
        row = attributes(self.operator) | {"actor_id": self.actor_id, "defined_at": working.now}
        working.upserts.append((tables.operator, row))
        working.operators[self.operator.id] = self.operator
        for site in working.sites.values():
            if site.operator.id == self.operator.id:
                site.operator = self.operator
                site.causes.append(Cause("define", self.operator.id, self.actor_id))
        return _finish(working, self.operator.id)


@dataclass(frozen=True, slots=True)
class DefineShelter:
    shelter: Shelter
    actor_id: UUID

    def touch(self, touches: Touches) -> None:
        touches.shelters.add(self.shelter.id)
        touches.operators.add(self.shelter.operator_id)

    def apply(self, working: Working) -> Finish:
        working.claim("shelter", self.shelter.id)
        operator = working.operators.get(self.shelter.operator_id)
        if operator is None:
            raise UnknownOperator(operator=str(self.shelter.operator_id))
        site = working.sites.setdefault(self.shelter.id, Site(self.shelter, operator))
        site.shelter, site.operator = self.shelter, operator
        cause = Cause("define", self.shelter.id, self.actor_id)
        site.causes.append(cause)
        for live in working.units.values():
            if live.unit.shelter_id == self.shelter.id:
                self._tell(live, cause, working.now)
        row = attributes(self.shelter) | {"actor_id": self.actor_id, "defined_at": working.now}
        working.upserts.append((tables.shelter, row))
        return _finish(working, self.shelter.id)

    def _tell(self, live: Live, cause: Cause, now: datetime) -> None:
        """Secrecy and closing of a shelter show in the state of each of its units."""
        live.secret = self.shelter.secret
        reopens = live.known.shelter_closed and not self.shelter.closed
        reopened_at = now if reopens else live.known.reopened_at
        live.know(cause, shelter_closed=self.shelter.closed, reopened_at=reopened_at)


@dataclass(frozen=True, slots=True)
class DefineUnit:
    unit: Unit
    capacity: int
    actor_id: UUID

    def touch(self, touches: Touches) -> None:
        touches.units.add(self.unit.id)
        touches.shelters.add(self.unit.shelter_id)

    def apply(self, working: Working) -> Finish:
        live = working.units.get(self.unit.id)
        if live is not None and self._leaves_end(working, live):
            return replace(self, unit=replace(self.unit, expires_at=live.unit.expires_at)).apply(working)
        working.claim("unit", self.unit.id)
        site = working.sites.get(self.unit.shelter_id)
        if site is None:
            raise UnknownShelter(shelter=str(self.unit.shelter_id))
        cause = Cause("define", self.unit.id, self.actor_id)
        if live is not None and live.unit.shelter_id != self.unit.shelter_id:
            raise IdReused(id=str(self.unit.id))
        self._put_unit(working)
        changes: dict[str, Any] = {"regime": self.unit.regime, "turnover": self.unit.turnover}
        if live is not None and self._asks_anew(live, working.now):
            # What was counted was something else: nobody is sent there on the strength of it.
            if not live.known.closed:
                working.close(live, "close", self.actor_id, closed=True)
            working.close(live, "reopen", self.actor_id, closed=False)
        if live is None:
            live = self._begin(working, site)
            changes["capacity"] = self._capacity(working)
        elif live.known.capacity.value != self.capacity:
            # As for reports, the newest statement wins: a demo's clock may have been turned back.
            changes["capacity"] = newest(live.known.capacity, self._capacity(working))
        if live.removed:
            # Taken off in this very batch, it was never gone.
            working.entries = [entry for entry in working.entries if entry.id != self.unit.id]
        live.unit, live.removed = self.unit, False
        live.know(cause, **changes)
        site.units[self.unit.id] = self.unit
        site.causes.append(cause)
        return _finish(working, self.unit.id, live)

    def _leaves_end(self, working: Working, live: Live) -> bool:
        """Tell whether the unit's end is its surge's. A file that is read in every morning names no end, and must
        neither take it from a running surge nor open again what one has closed.
        """
        unnamed = self.unit.surge and self.unit.expires_at is None
        return unnamed and self.unit.id in working.last_surges and live.unit.expires_at is not None

    def _asks_anew(self, live: Live, now: datetime) -> bool:
        """Tell whether the unit must be counted again: it came back, it is of another kind, or it ended and goes on."""
        was, unit = live.unit, self.unit
        other_kind = (was.allotment, was.room_size, was.turnover) != (unit.allotment, unit.room_size, unit.turnover)
        ended = was.expires_at is not None and was.expires_at <= now and live.known.closed
        goes_on = ended and (unit.expires_at is None or unit.expires_at > now)
        # One that is closed is counted when it opens again.
        miscounted = other_kind and not live.known.closed and live.known.told != Told()
        return live.removed or goes_on or miscounted

    def _put_unit(self, working: Working) -> None:
        row = attributes(self.unit) | {"actor_id": self.actor_id, "defined_at": working.now, "removed": False}
        working.upserts.append((tables.unit, row))
        working.expiries.pop(self.unit.id, None)

    def _capacity(self, working: Working) -> Stated[int]:
        stated = Stated(self.capacity, working.now, new_id())
        working.insert(
            tables.capacity_change,
            id=stated.report_id,
            unit_id=self.unit.id,
            at=stated.at,
            report_id=stated.report_id,
            capacity=self.capacity,
            actor_id=self.actor_id,
        )
        return stated

    def _begin(self, working: Working, site: Site) -> Live:
        """Start a unit's live state: nothing free until somebody has reported."""
        known = Known(
            self.unit.id,
            self.unit.shelter_id,
            self.unit.regime,
            self.unit.turnover,
            Stated(self.capacity, working.now, self.unit.id),
            shelter_closed=site.shelter.closed,
        )
        live = _new_live(self.unit, known, site.shelter.secret, working)
        working.units[self.unit.id] = live
        state = live.fold(working.moment)
        working.births.append(state_row(self.unit.id, known, state, 0, 0))
        return live


def _new_live(unit: Unit, known: Known, secret: bool, working: Working) -> Live:
    return Live(
        unit=unit,
        known=known,
        secret=secret,
        removed=False,
        seq=0,
        visible_seq=0,
        before=None,
        reports=0,
        count_prior_seq=0,
        held_before=0,
        shown_before=fold(known, (), (), working.moment).shown,
        # Nothing was ever said of it: whatever this batch says is all there is to tell.
        lines=[],
        lines_since=datetime.min.replace(tzinfo=UTC),
    )


@dataclass(frozen=True, slots=True)
class RemoveUnit:
    """Take a unit off the board for good; its history stays. Not while people hold places in it."""

    unit_id: UUID
    actor_id: UUID

    def touch(self, touches: Touches) -> None:
        touches.units.add(self.unit_id)
        touches.shelters_of.add(self.unit_id)

    def apply(self, working: Working) -> Finish:
        live = working.live(self.unit_id)
        if live.known.held > 0:
            problem = UnitHasHolds(unit=str(self.unit_id), held=live.known.held)
            raise problem.without("held") if live.secret else problem
        cause = Cause("remove", self.unit_id, self.actor_id)
        live.removed = True
        live.know(cause)
        row = attributes(live.unit) | {"actor_id": self.actor_id, "defined_at": working.now, "removed": True}
        working.upserts.append((tables.unit, row))
        site = working.sites[live.unit.shelter_id]
        site.units.pop(self.unit_id, None)
        site.causes.append(cause)
        # One that was defined in this very batch was never on the board: there is nothing to take off it.
        if live.before is not None:
            working.entries.append(Entry("unit", self.unit_id, live.before, (cause,), gone=True))
        return _finish(working, self.unit_id)


@dataclass(frozen=True, slots=True)
class CloseUnit:
    """Close a unit, or reopen it: then it awaits a report before anything in it can be held."""

    unit_id: UUID
    actor_id: UUID
    closed: bool

    def touch(self, touches: Touches) -> None:
        touches.units.add(self.unit_id)
        touches.actors.add(self.actor_id)

    def apply(self, working: Working) -> Finish:
        live = working.live(self.unit_id)
        working.authorise(self.actor_id, live.unit.shelter_id)
        if live.known.closed != self.closed:
            working.close(live, "close" if self.closed else "reopen", self.actor_id, closed=self.closed)
        return _finish(working, self.unit_id, live)


@dataclass(frozen=True, slots=True)
class Refresh:
    """Look at units because time has passed: noon, or the end of a surge unit. Loading them tells what it changed."""

    unit_ids: tuple[UUID, ...]

    @property
    def weight(self) -> int:
        return len(self.unit_ids)

    def touch(self, touches: Touches) -> None:
        touches.units.update(self.unit_ids)

    def apply(self, _working: Working) -> Finish:
        return len
