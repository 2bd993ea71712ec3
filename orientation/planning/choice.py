"""What planning answers: who goes where, how that compares with the best there can be, and how certain that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

# The unit of each request of a case, in the case's order; None where it has none.
Choice: TypeAlias = dict[UUID, UUID | None]
# Told of: the phase, how long it has taken in all, and what is found and proven so far. It may raise to stop.
Progress: TypeAlias = Callable[[str, float, float | None, float | None], None]


@dataclass(frozen=True, slots=True)
class Level:
    """How many people of a tier have a place, those who had it already included, and how many at most can have one.

    `most` holds for every plan that places as many of the tiers before; `proven` is that no such plan places more.
    """

    tier: int
    people: int
    placed: int
    most: int

    @property
    def proven(self) -> bool:
        return self.placed >= self.most


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a plan would reach that may move everybody: people `placed` by tier, as in levels, and its worth.

    It `moves` so many who could stay where the plan before had them.
    """

    placed: tuple[int, ...]
    value: float
    moves: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`value` is the weighted sum that was made as large as possible, and `bound` what no plan exceeds.

    `fit` is the points of the levels below that of people alone, and `fit_bound` what no plan exceeds that places the
    same people of each tier: so that a large weight of people hides no lost fit. `first_come` is what is done without
    a plan. `fresh` stands where a plan places more that moves more: the bound is one of that too.
    """

    choice: Choice
    first_come: Choice
    status: str
    value: float
    bound: float
    levels: tuple[Level, ...]
    fit: float
    fit_bound: float
    policy_hash: str
    seq: int
    solve_s: float
    phases: Mapping[str, float] = field(default_factory=dict)
    fresh: Fresh | None = None

    @property
    def gap(self) -> float:
        """Return how far the value may be from the best there is, as a part of it."""
        return max(0.0, self.bound - self.value) / max(1.0, abs(self.value))
