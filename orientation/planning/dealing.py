"""A count by kinds dealt out: which household goes to which unit, so that as many of each kind go as were counted.

Units of a kind admit the same and have as many places, so it is enough that parties fit into them like parcels into
boxes. What does not fit, and whom a bar keeps from where their kind goes, is counted again with the units that this
concerns, few enough by then to be counted one by one. Links are seated before anybody is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.fitting import NEVER
from orientation.planning.greedy import by_tier
from orientation.planning.levels import Coarse
from orientation.planning.parting import Part, part_of
from orientation.planning.pricing import Cuts, Prices, net_of
from orientation.planning.problem import NOWHERE, Numbers, Problem, linked_in
from orientation.planning.valuing import Weights

# A link looks at so many shelters, the best first.
_SHELTERS = 40


def left_by(problem: Problem, pick: Longs) -> Longs:
    """Return what a plan leaves free in each unit."""
    there = np.flatnonzero(pick != NOWHERE)
    taken = np.where(problem.is_room[pick[there]], 1, problem.size[there])
    return problem.capacity - np.bincount(pick[there], taken, len(problem.units)).astype(np.int64)


def seat_links(problem: Problem, weights: Weights, cuts: Cuts, prices: Prices) -> Longs:
    """Return a plan of links alone: each goes where it is worth most at these prices, if it is worth anything."""
    pick, left = np.full(len(problem.seekers), NOWHERE), problem.capacity.copy()
    for link in problem.links:
        net = net_of(problem, weights, cuts, prices, link)
        needs = problem.needs(problem.size[link])
        net[left < needs] = -np.inf
        each = np.full((len(link), problem.shelters), -np.inf)
        for best, of_each in zip(each, net, strict=True):
            np.maximum.at(best, problem.shelter, of_each)
        together = each.sum(axis=0)
        for shelter in np.argsort(-together, kind="stable")[:_SHELTERS].tolist():
            units = np.flatnonzero(problem.shelter == shelter)
            at = _seats_for(net[:, units], needs[:, units], left[units]) if together[shelter] >= 0 else None
            if at is not None:
                pick[link] = units[at]
                np.subtract.at(left, units[at], needs[np.arange(len(link)), units[at]])
                break
    return pick


def _seats_for(net: Numbers, needs: Longs, left: Longs) -> Longs | None:
    """Return for each of a link the best that those before leave; None where there is not room for all."""
    left, at = left.copy(), np.zeros(len(net), np.int64)
    for nth, (worth, need) in enumerate(zip(net, needs, strict=True)):
        open_ = np.where(left >= need, worth, -np.inf)
        at[nth] = open_.argmax()
        if open_[at[nth]] == -np.inf:
            return None
        left[at[nth]] -= need[at[nth]]
    return at


def dealt(problem: Problem, coarse: Coarse, flow: Longs, pick: Longs) -> tuple[Longs, Longs]:
    """Return a plan in which as many of each kind as were counted join those who have a place, as far as units hold
    them; and the units of those kinds in which some were left over."""
    slots = np.zeros((len(problem.units), int(problem.size.max(initial=0)) + 1), np.int64)
    dealing = _Dealing(problem, coarse, flow.copy(), pick.copy(), left_by(problem, pick), slots)
    lacking = dealing.pack()
    dealing.seat()
    return dealing.pick, np.flatnonzero(np.isin(coarse.unit, lacking))


def rest_of(problem: Problem, pick: Longs, opened: Longs) -> Part:
    """Return who has no place and what is free, with the units of `opened` as if only links were in them.

    Nobody in a link stands in it.
    """
    linked = linked_in(problem)
    kept = np.where(np.isin(pick, opened) & ~linked, NOWHERE, pick)
    left = left_by(problem, kept)
    part = part_of(problem, np.flatnonzero((kept == NOWHERE) & ~linked), np.flatnonzero(left > 0))
    return replace(part, problem=replace(part.problem, capacity=left[part.units], links=()))


@dataclass(slots=True)
class _Dealing:
    """`flow` is how many of each kind are still to go where, `left` what is free, and `slots`, for each unit, how many
    parties of each size shall go there; rooms have none."""

    problem: Problem
    coarse: Coarse
    flow: Longs
    pick: Longs
    left: Longs
    slots: Longs

    def pack(self) -> list[int]:
        """Put the parties of each sort of shared units into them, the largest first, each where least is left over;
        return the sorts in which not all found room."""
        sizes = self.slots.shape[1]
        members = np.split(np.argsort(self.coarse.unit, kind="stable"), np.cumsum(np.bincount(self.coarse.unit))[:-1])
        lacking = []
        for sort in np.flatnonzero(self.flow.any(axis=0) & ~self.coarse.problem.is_room).tolist():
            parties = np.bincount(self.coarse.problem.size, self.flow[:, sort], sizes).astype(np.int64)
            if not self._packed(members[sort], parties):
                lacking.append(sort)
        return lacking

    def _packed(self, units: Longs, parties: Longs) -> bool:
        left, all_of_them = self.left[units], True
        for size in range(len(parties) - 1, 0, -1):
            for _ in range(int(parties[size])):
                room = np.flatnonzero(left >= size)
                if not len(room):
                    all_of_them = False
                    break
                at = room[np.argmin(left[room])]
                left[at] -= size
                self.slots[units[at], size] += 1
        return all_of_them

    def seat(self) -> None:
        """Let each household of a kind choose in turn among what its kind was counted into."""
        problem, sort = self.problem, self.coarse.unit
        rooms = np.where(problem.is_room, self.left, 0)
        for row in self._order().tolist():
            kind, size = int(self.coarse.row[row]), int(problem.size[row])
            units = np.flatnonzero((self.flow[kind] > 0)[sort] & ((rooms > 0) | (self.slots[:, size] > 0)))
            points = problem.points[row, units]
            if not len(units) or points.max() == NEVER:
                continue
            unit = int(units[points.argmax()])
            self.pick[row] = unit
            self.flow[kind, sort[unit]] -= 1
            if problem.is_room[unit]:
                rooms[unit] -= 1
            else:
                self.slots[unit, size] -= 1

    def _order(self) -> Longs:
        """Return who is still to be seated, by tier; but where all of a kind are, first who may not go everywhere."""
        problem, row = self.problem, self.coarse.row
        many = (problem.points != NEVER).sum(axis=1)
        most = np.zeros(len(self.coarse.many), np.int64)
        np.maximum.at(most, row, many)
        barred = (many < most[row]) & (self.flow.sum(axis=1) >= self.coarse.many)[row]
        order = by_tier(problem)
        order = order[(self.pick[order] == NOWHERE) & ~linked_in(problem)[order]]
        first: Longs = order[np.argsort(~barred[order], kind="stable")]
        return first
