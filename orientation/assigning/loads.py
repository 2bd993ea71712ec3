"""Loads: all that an agent might take together, where only what loses little at the prices of the jobs is in question.

A choice of at most so much leaves all agents together only so much to lose, and few loads lose less than that: what
nobody could list for a knapsack as such is soon listed for what is left of it. Nothing that may be chosen is missing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from orientation.assigning.assignment import TOLERANCE, Assignment, Marks, Numbers, Places
from orientation.assigning.packing import Knapsacks


@dataclass(frozen=True, slots=True)
class Loads:
    """One column each, ordered by agent: `pairs` and `jobs` hold what it consists of, and below that one more than
    there are. `agent` is one of the `agents` that had a choice."""

    pairs: Places
    jobs: Places
    agent: Places
    cost: Numbers
    agents: int

    def __len__(self) -> int:
        return len(self.cost)

    def only(self, kept: Marks | Places) -> Loads:
        return Loads(self.pairs[:, kept], self.jobs[:, kept], self.agent[kept], self.cost[kept], self.agents)

    def starts(self) -> Places:
        """Return where the loads of each agent begin."""
        return np.searchsorted(self.agent, np.arange(self.agents))

    def having(self, job: int) -> Marks:
        has: Marks = (self.jobs == job).any(axis=0)
        return has


def list_loads(knapsacks: Knapsacks, prices: Numbers, slack: float, most: int, until: float) -> Loads | None:
    """Return for every agent the loads that lose at most `slack` beside its best; None where they are more than `most`
    in all, or not listed in time."""
    one = knapsacks.assignment
    ends = np.cumsum(np.bincount(one.agent, minlength=one.agents))
    found: list[tuple[Places, Marks]] = []
    for agent in np.flatnonzero(np.diff(ends, prepend=0)):
        pairs = knapsacks.by_agent[ends[agent - 1] if agent else 0 : ends[agent]]
        gain = prices[one.job[pairs]] - one.cost[pairs]
        # What decides most comes first, so that there is soon little left to choose.
        order = np.argsort(-np.abs(gain), kind="stable")
        takes = _within(gain[order], knapsacks.cells[pairs[order]], int(knapsacks.rooms[agent]), slack, most, until)
        if takes is None:
            return None
        most -= len(takes)
        pairs = pairs[order]
        # Cells may be a little too small for what lies in them; here the true sizes are asked.
        found.append((pairs, takes[takes @ one.size[pairs] <= one.capacity[agent] + TOLERANCE]))
    return _put_together(one, found)


def _put_together(one: Assignment, found: list[tuple[Places, Marks]]) -> Loads:
    counts = [takes.sum(axis=1) for _, takes in found]
    deepest = max((int(count.max(initial=0)) for count in counts), default=0)
    columns = np.full((deepest, sum(map(len, counts))), one.pairs)
    first = 0
    for (pairs, takes), count in zip(found, counts, strict=True):
        load, at = np.nonzero(takes)
        columns[np.arange(len(load)) - (np.cumsum(count) - count)[load], first + load] = pairs[at]
        first += len(takes)
    agent = np.repeat(np.arange(len(found)), np.array([len(count) for count in counts], dtype=np.int64))
    cost = np.append(one.cost, 0.0)[columns].sum(axis=0)
    return Loads(columns, np.append(one.job, one.jobs)[columns], agent, cost, len(found))


def _within(gain: Numbers, cells: Places, room: int, slack: float, most: int, until: float) -> Marks | None:
    """List what gains at most `slack` less than what gains most, an item at a step; a row each."""
    after = _most_after(gain, cells, room)
    least = after[0, room] - slack - TOLERANCE
    rooms, gains = np.array([room]), np.zeros(1)
    steps: list[tuple[Places, Marks]] = []
    for item in range(len(gain)):
        fits = np.flatnonzero(rooms >= cells[item])
        rooms = np.concatenate([rooms, rooms[fits] - cells[item]])
        gains = np.concatenate([gains, gains[fits] + gain[item]])
        kept = np.flatnonzero(gains + after[item + 1][rooms] >= least)
        if len(kept) > most or time.monotonic() >= until:
            return None
        origin, without = np.concatenate([np.arange(len(rooms) - len(fits)), fits]), len(rooms) - len(fits)
        steps.append((origin[kept], kept >= without))
        rooms, gains = rooms[kept], gains[kept]
    takes, at = np.empty((len(rooms), len(gain)), dtype=bool), np.arange(len(rooms))
    for item in range(len(gain) - 1, -1, -1):
        origin, took = steps[item]
        takes[:, item] = took[at]
        at = origin[at]
    return takes


def _most_after(gain: Numbers, cells: Places, room: int) -> Numbers:
    """Return the most that the items from each on gain in each room."""
    after = np.zeros((len(gain) + 1, room + 1))
    for item in range(len(gain) - 1, -1, -1):
        after[item] = after[item + 1]
        size = int(cells[item])
        if gain[item] > 0 and size <= room:
            np.maximum(after[item, size:], after[item + 1, : room + 1 - size] + gain[item], out=after[item, size:])
    return after
