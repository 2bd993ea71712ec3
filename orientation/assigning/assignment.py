"""An assignment: jobs, each of which one agent takes at a cost, as far as its capacity lasts. Pure, numpy only.

Households are jobs and units are agents, say: what a household takes of a unit is its size there. Only pairs that may
be are kept. A job that may be left out costs `left_out` if it is; for all others that is infinite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int64]
Marks: TypeAlias = npt.NDArray[np.bool_]

# Whatever is nearer than that, in units of cost or of size, is the same.
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Assignment:
    """`job`, `agent`, `cost` and `size` have one entry a pair."""

    job: Places
    agent: Places
    cost: Numbers
    size: Numbers
    capacity: Numbers
    left_out: Numbers

    @property
    def jobs(self) -> int:
        return len(self.left_out)

    @property
    def agents(self) -> int:
        return len(self.capacity)

    @property
    def pairs(self) -> int:
        return len(self.job)

    @property
    def whole(self) -> bool:
        """Whether costs are whole numbers, so that a bound may be rounded up."""
        must = self.left_out[np.isfinite(self.left_out)]
        return bool(np.all(self.cost == np.rint(self.cost)) and np.all(must == np.rint(must)))


@dataclass(frozen=True, slots=True)
class Found:
    """`pair` is the pair taken by each job, -1 where it is left out. `bound` holds for every assignment there is.

    `status`: optimal (value and bound meet), feasible (time was up), infeasible (some job can be kept by nobody),
    unknown (time was up before any assignment was found).
    """

    status: str
    pair: Places
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """Return how far the value may be from the best there is, as a part of it."""
        if self.value == self.bound:
            return 0.0
        return abs(self.value - self.bound) / max(1.0, abs(self.value))


def dense(cost: Numbers, size: Numbers, capacity: Numbers) -> Assignment:
    """Build one from tables of agents × jobs in which every agent may take every job, and none may be left out."""
    agents, jobs = cost.shape
    return Assignment(
        job=np.repeat(np.arange(jobs), agents),
        agent=np.tile(np.arange(agents), jobs),
        cost=np.ascontiguousarray(cost.T, dtype=float).ravel(),
        size=np.ascontiguousarray(size.T, dtype=float).ravel(),
        capacity=np.asarray(capacity, dtype=float),
        left_out=np.full(jobs, np.inf),
    )


def value_of(assignment: Assignment, pair: Places) -> float:
    """Return what a choice of pairs costs, with what is left out."""
    taken = pair >= 0
    return float(assignment.cost[pair[taken]].sum() + assignment.left_out[~taken].sum())


def faults(assignment: Assignment, pair: Places) -> list[str]:
    """Return what is wrong with a choice of pairs; nothing where it may be carried out."""
    taken = np.flatnonzero(pair >= 0)
    chosen = pair[taken]
    found = [f"job {job} has another's pair" for job in taken[assignment.job[chosen] != taken]]
    load = np.bincount(assignment.agent[chosen], assignment.size[chosen], assignment.agents)
    over = np.flatnonzero(load > assignment.capacity + TOLERANCE)
    found += [f"agent {agent} takes {load[agent]:g} of {assignment.capacity[agent]:g}" for agent in over]
    left = np.flatnonzero((pair < 0) & ~np.isfinite(assignment.left_out))
    return found + [f"job {job} must not be left out" for job in left]


def with_nobody(assignment: Assignment) -> tuple[Assignment, Places]:
    """Return the same with one agent more, nobody, who takes for nothing but the cost what may be left out, and the
    pair here of every pair there (-1: nobody's). Ordered by job, and without pairs that no capacity can hold."""
    one = _sound(assignment)
    fits = np.flatnonzero(one.size <= one.capacity[one.agent] + TOLERANCE)
    free = np.flatnonzero(np.isfinite(one.left_out))
    job = np.concatenate([one.job[fits], free])
    order = np.argsort(job, kind="stable")
    return (
        Assignment(
            job=job[order],
            agent=np.concatenate([one.agent[fits], np.full(len(free), one.agents)])[order],
            cost=np.concatenate([one.cost[fits], one.left_out[free]])[order],
            size=np.concatenate([one.size[fits], np.zeros(len(free))])[order],
            capacity=np.append(one.capacity, 0.0),
            left_out=np.full(one.jobs, np.inf),
        ),
        np.concatenate([fits, np.full(len(free), -1)])[order],
    )


def _sound(one: Assignment) -> Assignment:
    if not len(one.job) == len(one.agent) == len(one.cost) == len(one.size):
        raise ValueError("job, agent, cost and size of an assignment must have the same length, one entry a pair")
    for name, index, count in (("job", one.job, one.jobs), ("agent", one.agent, one.agents)):
        if len(index) and (index.min() < 0 or index.max() >= count):
            raise ValueError(f"a pair of the assignment names as its {name} none of the {count}")
    if len(np.unique(one.job * one.agents + one.agent)) < len(one.job):
        raise ValueError("a pair of the assignment is there twice: keep the cheaper one")
    # Not a number is not less than anything, hence the way round.
    if not (np.isfinite(one.cost).all() and (one.size >= 0).all() and (one.capacity >= 0).all()):
        raise ValueError("costs of an assignment must be numbers, and sizes and capacities numbers of at least 0")
    if np.isnan(one.left_out).any() or np.isneginf(one.left_out).any():
        raise ValueError("what it costs to leave a job out must be a number, or infinite where it must not be")
    # What is more than all that could come is the same as all that could come.
    wanted = np.bincount(one.agent, np.minimum(one.size, 1e300), one.agents)
    capacity = np.minimum(one.capacity, wanted)
    return Assignment(one.job, one.agent, one.cost, one.size, capacity, one.left_out)
