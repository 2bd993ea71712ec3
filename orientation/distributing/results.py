"""What is worked out for a plan, as the worker answers it and a client reads it.

Rows are facts about people: they stand in a table that is erased, and are told over HTTP alone (I9).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec


class Progress(msgspec.Struct, frozen=True):
    """How far the solving is. `gap` is how much better there could still be, as a part of the value."""

    phase: str
    elapsed_s: float
    value: float | None = None
    bound: float | None = None
    gap: float | None = None


class TierView(msgspec.Struct, frozen=True):
    """Of one tier: how many people there are, how many are placed, and the most that could be."""

    tier: int
    people: int
    placed: int
    most: int
    proven: bool


class FreshView(msgspec.Struct, frozen=True):
    """Of each tier, how many people a plan would place that moves whom it must; `moves` counts households."""

    placed: list[int]
    moves: int


class Summary(msgspec.Struct, frozen=True):
    """`fit`: the points alone, and what they are at most for the same people. `places_free`: people whom the places
    take that are free, and the rooms, as far as their size is known. `fairness_price` is none of a plan after another.
    `fresh`: of a plan after another, where one that moves more would place more people of a tier; `bound` counts it in.
    """

    status: str
    value: float
    bound: float
    gap: float
    fit: float
    fit_bound: float
    solve_s: float
    people_waiting: int
    people_placed: int
    households_waiting: int
    households_placed: int
    places_free: int
    tiers: list[TierView]
    families_split: int
    moves: int
    fairness_price: int | None
    applied: dict[str, int] | None = None
    fresh: FreshView | None = None


class GroupView(msgspec.Struct, frozen=True):
    """Of one group: how many people are placed by the plan, by first come, and by yesterday's rules."""

    group: str
    households: int
    people: int
    placed: int
    rate: float
    first_come: int
    yesterday: int | None


class PolicyMark(msgspec.Struct, frozen=True):
    version: int
    hash: str


class ComparisonView(msgspec.Struct, frozen=True):
    """`gains` are placed by the plan and not by the other way, `losers` the reverse, `moved` elsewhere."""

    policy: PolicyMark | None
    people_placed: int
    gains: list[UUID]
    losers: list[UUID]
    moved: int


class Against(msgspec.Struct, frozen=True):
    """`yesterday` is null where the rules of a day ago are those of now."""

    first_come: ComparisonView
    yesterday: ComparisonView | None


class Row(msgspec.Struct, frozen=True):
    """One household: where the plan has it, and, once it is applied, what became of that."""

    request: UUID
    code: str
    party_size: int
    group: str
    tier: int
    drawn: int | None
    unit: UUID | None
    shelter: UUID | None
    need: int | None
    allotment: str | None
    pinned: bool
    fit: int | None
    first_come: UUID | None
    yesterday: UUID | None
    moved: bool
    outcome: str | None = None
    placement: UUID | None = None
    problem: str | None = None


class Result(msgspec.Struct, frozen=True):
    summary: Summary
    groups: list[GroupView]
    against: Against
    rows: list[Row]


class Rules(msgspec.Struct, frozen=True):
    """A policy on its way to the worker: what it says, and which version of it this is."""

    version: int
    id: UUID | None
    rules: dict[str, Any]


class Task(msgspec.Struct, frozen=True):
    """What a worker is asked, before `size` bytes of a case. With `why` it tells of one household of `choice`."""

    size: int
    rules: Rules
    time_limit_s: float
    # Planned again after something happened: what somebody waits for, and no more.
    replan: bool = False
    # It may move whom it must.
    freely: bool = False
    # The rules of a day ago, where they are others.
    yesterday: Rules | None = None
    # The rules in force, where `rules` are only tried on a night that is past: it is planned by both.
    base: Rules | None = None
    why: UUID | None = None
    choice: dict[UUID, UUID | None] = {}


class TermView(msgspec.Struct, frozen=True):
    term: str
    points: int
    facts: dict[str, Any]


class TakenView(msgspec.Struct, frozen=True):
    """To whom places of a unit went: how many households of a tier and a group, and never which."""

    tier: int
    group: str
    households: int


class OtherUnitView(msgspec.Struct, frozen=True):
    unit: UUID
    shelter: UUID
    score: int
    taken: list[TakenView]


class BlockerView(msgspec.Struct, frozen=True):
    code: str
    units: int


class CodeView(msgspec.Struct, frozen=True):
    code: str
    facts: dict[str, Any]


class NearView(msgspec.Struct, frozen=True):
    unit: UUID
    shelter: UUID
    blocker: CodeView
    change: CodeView


class WhyView(msgspec.Struct, frozen=True):
    """Why here: `terms`, the `rank` among `of` units that fit, and the `better` ones. Why nowhere: the other lists.

    `linked`: how many other households go to the same shelter, all of them or none.
    """

    request: UUID
    unit: UUID | None
    rank: int | None
    of: int
    terms: list[TermView]
    better: list[OtherUnitView]
    blockers: list[BlockerView]
    near: list[NearView]
    fitting: list[OtherUnitView]
    linked: int
