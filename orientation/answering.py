"""Answering: what a shelter says of people who are announced to it: seen, yes, no, here, not here.

A decline has consequences by its reason; whatever it says of the unit is a report like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from inventory.holding import Ending, extend
from inventory.lane.loading import Touches
from inventory.model.counting import Direction
from inventory.model.facts import Intake
from inventory.model.night import noon_of
from inventory.model.unit import Regime
from inventory.moving import Move
from inventory.reporting import Line, Report, Reporter
from orientation.acting import PlacementAct, Said, Scene
from orientation.model.placement import STAYS, Act, DeclineReason, PlacementState
from orientation.model.request import Bar
from orientation.model.times import IntakeHours, arrive_by


@dataclass(frozen=True, slots=True)
class See(PlacementAct):
    """Somebody at the shelter has it before their eyes: from now on silence is an answer, after the grace."""

    act: ClassVar[Act] = Act.SEEN
    said: Said

    def play(self, scene: Scene) -> dict[str, Any] | None:
        if scene.placement.seen_at is not None:
            return None  # by a colleague's phone
        scene.change(seen_at=scene.now)
        if scene.placement.state is PlacementState.HELD:
            grace = timedelta(seconds=scene.times.seen_grace_s)
            extend(scene.working, scene.hold, max(scene.hold.expires_at, scene.now + grace))
        return {}


@dataclass(frozen=True, slots=True)
class Accept(PlacementAct):
    """They may come: until the intake ends, or so long, and never shorter than it would have been held."""

    act: ClassVar[Act] = Act.ACCEPT
    said: Said

    def play(self, scene: Scene) -> dict[str, Any] | None:
        unit = scene.working.units[scene.placement.unit_id].unit
        hours = scene.records.intake.get(unit.shelter_id) if unit.regime is Regime.NIGHT else None
        until = arrive_by(scene.now, hours or IntakeHours(), scene.times.arrive_within_s, scene.working.moment.zone)
        scene.change(state=PlacementState.ACCEPTED, accepted_at=scene.now, seen_at=scene.placement.seen_at or scene.now)
        extend(scene.working, scene.hold, max(scene.hold.expires_at, until))
        return {}


@dataclass(frozen=True, slots=True)
class Decline(PlacementAct):
    """They may not come, and why. `unit_id` is the placement's; `free` is the number that goes with `full`."""

    act: ClassVar[Act] = Act.DECLINE
    said: Said
    unit_id: UUID
    reporter: Reporter
    shelter_id: UUID
    reason: DeclineReason
    free: int | None = None
    received_at: datetime | None = None

    def touch(self, touches: Touches) -> None:
        PlacementAct.touch(self, touches)
        if self._reports:
            self._report(Intake()).touch(touches)

    @property
    def _reports(self) -> bool:
        return self.reason in {DeclineReason.FULL, DeclineReason.CLOSED, DeclineReason.NO_STAFF}

    def play(self, scene: Scene) -> dict[str, Any] | None:
        if self._reports:
            # Refused like any report, a number that cannot be meant refuses the whole answer.
            noon = noon_of(scene.working.night + timedelta(days=1), scene.working.moment.zone)
            self._report(Intake(paused=True, until=noon)).apply(scene.working)
        elif self.reason in STAYS:
            self._bar(scene)
        else:
            self._ask(scene)
        scene.change(decline_reason=self.reason, decline_free=self.free)
        scene.end(Ending.DECLINED)
        # The number stands in the report, and in the placement for the shelter's own people (I11).
        return {"reason": self.reason}

    def _report(self, intake: Intake) -> Report:
        """Say of the unit what the answer says: how many are free, or that nobody is let in before noon."""
        full = self.reason is DeclineReason.FULL
        line = Line(
            self.unit_id, self.free if full else None, intake=None if full else intake, body_hash=self.said.body_hash
        )
        return Report(
            self.said.id, self.reporter, self.shelter_id, (line,), self.said.body_hash, received_at=self.received_at
        )

    @staticmethod
    def _ask(scene: Scene) -> None:
        """What is known of the unit is wrong: it awaits a report, and nothing more is held there until then."""
        live = scene.working.live(scene.placement.unit_id)
        if not live.known.closed:
            # Closed and opened again in the same moment: that is what an opened unit does, and its records alternate.
            for closed in (True, False):
                scene.working.close(live, "ask", scene.said.actor_id, closed=closed)

    def _bar(self, scene: Scene) -> None:
        placement = scene.placement
        until = scene.now + timedelta(days=scene.records.policy.barred_nights)
        bar = Bar(placement.request_id, placement.unit_id, placement.shelter_id, self.reason, until)
        scene.records.bars.append(bar)


@dataclass(frozen=True, slots=True)
class Arrive(PlacementAct):
    """They are inside: a movement with the placement, which may have ended by the clock meanwhile (I3)."""

    act: ClassVar[Act] = Act.ARRIVE
    said: Said
    unit_id: UUID
    occurred_at: datetime | None = None
    sent_at: datetime | None = None
    counted_in: UUID | None = None
    received_at: datetime | None = None

    def touch(self, touches: Touches) -> None:
        PlacementAct.touch(self, touches)
        self._movement(1).touch(touches)

    def play(self, scene: Scene) -> dict[str, Any] | None:
        self._movement(scene.placement.places).apply(scene.working)
        return {}

    def _movement(self, places: int) -> Move:
        said = self.said
        return Move(
            id=said.id,
            actor_id=said.actor_id,
            unit_id=self.unit_id,
            direction=Direction.IN,
            places=places,
            body_hash=said.body_hash,
            occurred_at=self.occurred_at,
            sent_at=self.sent_at,
            hold_id=said.placement_id,
            counted_in=self.counted_in,
            received_at=self.received_at,
        )


@dataclass(frozen=True, slots=True)
class MissArrival(PlacementAct):
    """They were expected, and did not come."""

    act: ClassVar[Act] = Act.NO_SHOW
    said: Said

    def play(self, scene: Scene) -> dict[str, Any] | None:
        scene.end(Ending.NO_SHOW)
        return {}
