"""Happening: what the people and programs of a region say in a night. Every id follows from what it names (I10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID, uuid5

from inventory.model.counting import Direction
from inventory.model.facts import Intake, OutOfService

_NAMESPACE = UUID("5d1f1f0e-5c0d-4a53-8d36-0d1c6f0a7a52")


class Scene(StrEnum):
    """What an event is an instance of; a night has all of them."""

    COUNT = "count"
    NOTHING_CHANGED = "nothing changed"
    ARRIVAL = "arrival"
    WALK_IN = "walk-in"
    LATE_EXIT = "late exit"
    DEPARTURE = "departure"
    ALREADY_COUNTED = "arrival that a count had already"
    WRONG_TAP = "wrong tap, voided"
    SLIP = "number mistyped, corrected"
    OUT_OF_SERVICE = "places out of service"
    BACK_IN_SERVICE = "places back in service"
    PAUSE = "intake paused"
    RESUME = "intake open again"
    FEED = "feed"
    LATE_FEED = "feed, late"
    TWICE = "feed, sent twice"
    STUCK = "feed, stuck"
    OVERFULL = "more people than places"
    CLOSING = "site closes"
    REOPENING = "site reopens"
    COLD_PLAN = "cold plan"
    SURGE = "surge unit opens"


class Voice(StrEnum):
    PHONE = "phone"
    FEED = "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a report says of one unit. `free` None: a fact and no count. Lists left out (None) say nothing."""

    unit: UUID
    free: int | None = None
    over_by: int = 0
    out: tuple[OutOfService, ...] | None = None
    intake: Intake | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report that leaves its sender at `at` and speaks of `observed_at`."""

    at: datetime
    scene: Scene
    shelter: UUID
    id: UUID
    observed_at: datetime
    voice: Voice
    lines: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    at: datetime
    scene: Scene
    shelter: UUID
    id: UUID
    unit: UUID
    direction: Direction
    places: int
    occurred_at: datetime
    counted_in: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """A movement is taken back: `movement` never was."""

    at: datetime
    scene: Scene
    shelter: UUID
    unit: UUID
    movement: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A unit is closed, or opened again."""

    at: datetime
    scene: Scene
    shelter: UUID
    unit: UUID
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Activated:
    """The supervisor activates the cold plan: these units are asked to open, until `expires_at`."""

    at: datetime
    scene: Scene
    id: UUID
    units: tuple[UUID, ...]
    expires_at: datetime


Event: TypeAlias = Reported | Moved | Voided | Turned | Activated


def name(within: UUID, *parts: object) -> UUID:
    """Return the id of what happens to `within`: drawing a night twice gives the same ids."""
    return uuid5(_NAMESPACE, "/".join((str(within), *map(str, parts))))
