"""Every agent as a knapsack of its own: what it would best take at given prices of the jobs, by dynamic programming.

That every job is taken once is priced instead of kept, so the sum of the knapsacks is a bound on every assignment, and
a better one than the linear relaxation's. Sizes are counted in whole cells, rounded down where they are no whole
numbers: a knapsack may then hold a little more than it could, never less, and the bound holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orientation.assigning.assignment import Assignment, Marks, Numbers, Places
from orientation.assigning.filling import Batch, fill, lost

# A knapsack of more cells than these, or a table of more, is counted in coarser ones.
_MOST_CELLS = 4096
_MOST_TABLE = 1 << 23
_FEWEST_CELLS = 64
# Tables that are filled together are not larger than this: what is in the processor's cache is filled quicker.
_BATCH = 1 << 18


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
        self.cells, self.rooms = _in_cells(assignment)

    def pack(self, prices: Numbers) -> Packed:
        """Fill every knapsack with what gains most at these prices."""
        one = self.assignment
        gain = prices[one.job] - one.cost
        items = self.by_agent[gain[self.by_agent] > 0]
        easy = self._easy(items)
        taken = [items[easy]]
        bound = prices.sum() - gain[taken[0]].sum()
        for batch in self._batches(items[~easy], gain):
            most, chosen = fill(batch)
            bound -= most
            taken.append(batch.items[chosen])
        pairs = np.concatenate(taken)
        return Packed(float(bound), pairs, np.bincount(one.job[pairs], minlength=one.jobs).astype(float))

    def least(self, prices: Numbers, packed: Packed) -> Numbers:
        """Return for every pair a bound on all assignments in which it is taken.

        Its own knapsack takes it, and the others that took its job must not: each is filled anew for both.
        """
        one = self.assignment
        gain = prices[one.job] - one.cost
        # Where all fits, only the gain itself is lost.
        with_, without = np.maximum(0.0, -gain), np.maximum(0.0, gain)
        for batch in self._batches(self.by_agent[~self._easy(self.by_agent)], gain):
            with_[batch.items], without[batch.items] = lost(batch)
        spared = np.zeros(one.pairs)
        spared[packed.taken] = without[packed.taken]
        return packed.bound + with_ + np.bincount(one.job, spared, one.jobs)[one.job] - spared

    def _easy(self, items: Places) -> Marks:
        """Mark the items whose agent has room for all of them."""
        agent = self.assignment.agent[items]
        fits: Marks = np.bincount(agent, self.cells[items], self.assignment.agents) <= self.rooms
        return fits[agent]

    def _batches(self, items: Places, gain: Numbers) -> Iterator[Batch]:
        """Lay out what these agents choose from, many agents at a time; items come ordered by agent."""
        if not len(items):
            return
        agents, starts = np.unique(self.assignment.agent[items], return_index=True)
        ends = np.append(starts[1:], len(items))
        rooms = self.rooms[agents]
        # Tables of a batch are as large as its largest needs: like is put to like where one batch is not enough.
        if len(agents) * (ends - starts).max() * (rooms.max() + 1) <= _BATCH:
            yield Batch.of(items, starts, gain[items], self.cells[items], rooms)
            return
        for some in _alike(rooms, ends - starts):
            chosen = np.concatenate([items[starts[at] : ends[at]] for at in some])
            begins = np.concatenate([[0], np.cumsum(ends[some] - starts[some])[:-1]])
            yield Batch.of(chosen, begins, gain[chosen], self.cells[chosen], rooms[some])


def _alike(rooms: Places, counts: Places) -> list[list[int]]:
    """Group agents whose tables are filled together."""
    groups: list[list[int]] = []
    room = count = 0
    for at in np.lexsort((counts, rooms)).tolist():
        room, count = max(room, int(rooms[at])), max(count, int(counts[at]))
        if groups and (len(groups[-1]) + 1) * count * (room + 1) <= _BATCH:
            groups[-1].append(at)
        else:
            groups.append([at])
            room, count = int(rooms[at]), int(counts[at])
    return groups


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
