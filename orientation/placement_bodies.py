"""The edge of placements: what is sent to make one and to act on one. Instants and bounds are refused here."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from inventory.schemas import Body, Instant, Places, check_instant
from kernel.problems import InvalidBody
from orientation.following import CancelReason
from orientation.model.placement import DeclineReason

TOGETHER_MAX = 20


class PlaceBody(Body):
    request: UUID
    unit: UUID
    replaces: UUID | None = None


class OnePlaceBody(PlaceBody, kw_only=True):
    id: UUID


class PlaceTogetherBody(Body):
    placements: Annotated[list[OnePlaceBody], msgspec.Meta(min_length=1, max_length=TOGETHER_MAX)]

    def check(self) -> None:
        for name in ("id", "request"):
            if len({getattr(one, name) for one in self.placements}) < len(self.placements):
                raise InvalidBody(where=f"placements.{name}", why="a different one for each")


class ActBody(Body):
    """`id` is the act's own: the same act sent again has the same one."""

    id: UUID


class DeclineBody(ActBody, kw_only=True):
    reason: DeclineReason
    free: Places | None = None

    def check(self) -> None:
        if (self.free is None) == (self.reason is DeclineReason.FULL):
            raise InvalidBody(where="free", why="with `full` how many are free, and with no other reason")


class ArriveBody(ActBody, kw_only=True):
    occurred_at: Instant | None = None
    sent_at: Instant | None = None
    counted_in: UUID | None = None

    def check(self) -> None:
        check_instant("occurred_at", self.occurred_at)
        check_instant("sent_at", self.sent_at)


class CancelBody(ActBody, kw_only=True):
    reason: CancelReason


class HandOverBody(ActBody, kw_only=True):
    to: UUID
