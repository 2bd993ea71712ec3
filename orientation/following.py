"""Following: what a desk does with a placement it has made: more time, another hand, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from inventory.holding import Ending, extend
from orientation.acting import PlacementAct, Said, Scene
from orientation.model.placement import Act
from orientation.problems import AlreadyExtended


class CancelReason(StrEnum):
    WITHDRAWN = "withdrawn"
    BETTER_PLACE = "better-place"
    MISTAKE = "mistake"
    SHELTER_ASKED = "shelter-asked"


@dataclass(frozen=True, slots=True)
class Cancel(PlacementAct):
    """Either side lets go of it; the request waits again."""

    act: ClassVar[Act] = Act.CANCEL
    said: Said
    reason: CancelReason

    def play(self, scene: Scene) -> dict[str, Any] | None:
        scene.end(Ending.CANCELLED)
        return {"reason": self.reason}


@dataclass(frozen=True, slots=True)
class Extend(PlacementAct):
    """Give it more time, once."""

    act: ClassVar[Act] = Act.EXTEND
    said: Said

    def play(self, scene: Scene) -> dict[str, Any] | None:
        if scene.placement.extended_at is not None:
            raise AlreadyExtended(placement=str(scene.placement.id))
        scene.change(extended_at=scene.now)
        # Its time may be over, and the sweep not have come by.
        until = max(scene.now, scene.hold.expires_at) + timedelta(seconds=scene.times.extend_s)
        extend(scene.working, scene.hold, until)
        return {}


@dataclass(frozen=True, slots=True)
class HandOver(PlacementAct):
    """A colleague follows it from now on, and with it the request. That `to` sits at this desk, the edge has seen.

    Whoever sits there may take it so from anybody, in whose place they follow it: both are written down.
    """

    act: ClassVar[Act] = Act.HAND_OVER
    said: Said
    to: UUID

    def play(self, scene: Scene) -> dict[str, Any] | None:
        before = scene.placement.holder_id
        scene.change(holder_id=self.to)
        request = scene.records.requests[scene.placement.request_id]
        scene.records.put_request(replace(request, assignee_id=self.to), scene.cause)
        return {"from": str(before), "to": str(self.to)}
