"""Every agent as a knapsack of its own: what it would best take at given prices of the jobs, by dynamic programming.

That every job is taken once is priced instead of kept, so the sum of the knapsacks is a bound on every assignment, and
a better one than the linear relaxation's. Sizes are counted in whole cells, rounded down where they are no whole
numbers: a knapsack may then hold a little more than it could, never less, and the bound holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from orientation.assigning.assignment import Assignment, Marks, Numbers, Places

# A knapsack of more cells than these, or a table of more, is counted in coarser ones.
_MOST_CELLS = 4096
_MOST_TABLE = 1 << 23
_FEWEST_CELLS = 64


@dataclass(frozen=True, slots=True)
class Packed:
    """The bound at some prices, the pairs that the knapsacks take, and how often each job is taken."""

    bound: float
    taken: Places
    times: Numbers


class Knapsacks:
    """The agents of an assignment with their sizes in cells. Prices are one number a job."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.by_agent = np.argsort(assignment.agent, kind="stable")
        self.starts = np.searchsorted(assignment.agent[self.by_agent], np.arange(assignment.agents + 1))
        self.cells, self.rooms = _in_cells(assignment)

    def pack(self, prices: Numbers) -> Packed:
        """Fill every knapsack with what gains most at these prices."""
        one = self.assignment
        gain = prices[one.job] - one.cost
        good = self.by_agent[gain[self.by_agent] > 0]
        ends = np.searchsorted(one.agent[good], np.arange(one.agents + 1)).tolist()
        bound = float(prices.sum())
        taken = []
        for agent, (start, end) in enumerate(pairwise(ends)):
            if start < end:
                items = good[start:end]
                best, chosen = _fill(gain[items], self.cells[items], int(self.rooms[agent]))
                bound -= best
                taken.append(items[chosen])
        pairs = np.concatenate(taken) if taken else np.zeros(0, dtype=np.int64)
        return Packed(bound, pairs, np.bincount(one.job[pairs], minlength=one.jobs).astype(float))

    def least(self, prices: Numbers, packed: Packed) -> Numbers:
        """Return for every pair a bound on all assignments in which it is taken.

        Its own knapsack takes it, and the others that took its job must not: each is filled anew for both.
        """
        one = self.assignment
        gain = prices[one.job] - one.cost
        with_, without = np.zeros(one.pairs), np.zeros(one.pairs)
        for agent in range(one.agents):
            items = self.by_agent[self.starts[agent] : self.starts[agent + 1]]
            if len(items):
                with_[items], without[items] = _lost(gain[items], self.cells[items], int(self.rooms[agent]))
        lost = np.zeros(one.pairs)
        lost[packed.taken] = without[packed.taken]
        return packed.bound + with_ + np.bincount(one.job, lost, one.jobs)[one.job] - lost


def _fill(gain: Numbers, cells: Places, room: int) -> tuple[float, Marks]:
    """Return the most that fits into this room, and of what."""
    if cells.sum() <= room:
        return float(gain.sum()), np.ones(len(gain), dtype=bool)
    table = _table(gain, cells, room)
    chosen = np.zeros(len(gain), dtype=bool)
    left = room
    for at in range(len(gain) - 1, -1, -1):
        if table[at + 1, left] != table[at, left]:
            chosen[at] = True
            left -= int(cells[at])
    return float(table[-1, room]), chosen


def _lost(gain: Numbers, cells: Places, room: int) -> tuple[Numbers, Numbers]:
    """Return for each item how much less fits where it must be taken, and how much less where it must not."""
    if cells.sum() <= room:
        return np.maximum(0.0, -gain), np.maximum(0.0, gain)
    before, after = _table(gain, cells, room), _table(gain[::-1], cells[::-1], room)[::-1]
    kept, left = np.empty(len(gain)), np.empty(len(gain))
    for at, size in enumerate(cells.tolist()):
        # What lies before it may take so much of the room, and what comes after it the rest.
        rest = after[at + 1][::-1]
        left[at] = (before[at] + rest).max()
        kept[at] = (before[at, : room + 1 - size] + rest[size:]).max()
    most = before[-1, room]
    return most - kept - gain, most - left


def _table(gain: Numbers, cells: Places, room: int) -> Numbers:
    """Return the most that fits of the first items (a row for how many of them) into every room up to this one."""
    table = np.zeros((len(gain) + 1, room + 1))
    for at, (size, value) in enumerate(zip(cells.tolist(), gain.tolist(), strict=True)):
        before, now = table[at], table[at + 1]
        if value <= 0:
            now[:] = before
            continue
        now[:size] = before[:size]
        with_it = now[size:]
        np.add(before[: room + 1 - size], value, out=with_it)
        np.maximum(with_it, before[size:], out=with_it)
    return table


def _in_cells(assignment: Assignment) -> tuple[Places, Places]:
    items = np.maximum(1, np.bincount(assignment.agent, minlength=assignment.agents))
    most = np.clip(_MOST_TABLE // items, _FEWEST_CELLS, _MOST_CELLS)
    broken = np.zeros(assignment.agents, dtype=bool)
    broken[assignment.agent[assignment.size != np.rint(assignment.size)]] = True
    scale = np.ones(assignment.agents)
    fine = (broken | (assignment.capacity > most)) & (assignment.capacity > 0)
    scale[fine] = most[fine] / assignment.capacity[fine]
    cells = np.floor(assignment.size * scale[assignment.agent] + 1e-9).astype(np.int64)
    rooms = np.floor(assignment.capacity * scale + 1e-6).astype(np.int64)
    return np.minimum(cells, rooms[assignment.agent]), rooms
