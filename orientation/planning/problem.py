"""The problem of a night as arrays: a row for each household that waits, a column for each unit with places to give.

What is held already is in none of them, and what the reserve keeps back neither. Households of a link go to one shelter
or nowhere. The order of units is that of their ids, so that the first of equals is always the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
import numpy.typing as npt

from orientation.matching.blocking import Bools
from orientation.matching.columns import MANY, Columns, Longs, Rows
from orientation.model.counts import PartyGroup, group_of
from orientation.model.policy import OrientationPolicy
from orientation.model.sharing import PlanRules, place_among
from orientation.planning.case import Case, Seeker, columns_of
from orientation.planning.choice import Choice
from orientation.planning.fitting import NEVER, Points, fit_all

Numbers = npt.NDArray[np.float64]
# A unit that nobody has.
NOWHERE = -1
GROUPS = tuple(PartyGroup)
# How full a shelter may be before the next place in it costs more.
BALANCE_STEPS = 4
# Links of so many households at most are tried in every shelter; of larger ones the solver finds out.
_TRIED = 4


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """`points` is fit with stability, NEVER where a household may not go; `drawn` is for coming early in a draw.

    Who has a place already stands in no row: it never moves, and counts for the floors alone.
    """

    case: Case
    rules: PlanRules
    board: Columns
    seekers: tuple[Seeker, ...]
    units: tuple[UUID, ...]
    points: Points
    kind: Longs
    plain: Bools
    size: Longs
    tier: Longs
    group: Longs
    drawn: Numbers
    proposed: Longs
    capacity: Longs
    is_room: Bools
    # How many sleep in one of what the unit gives.
    worth: Longs
    shelter: Longs
    links: tuple[Rows, ...]
    # People of each group who should have a place and have none yet.
    wanting: Numbers

    @property
    def tiers(self) -> int:
        return len(self.rules.tiers) + 1

    @property
    def shelters(self) -> int:
        return int(self.shelter.max(initial=NOWHERE)) + 1

    def needs(self, size: Longs) -> Longs:
        """Return what parties of these sizes take of each unit: a row for each."""
        return np.where(self.is_room, 1, size[:, None])

    def choice(self, pick: Longs) -> Choice:
        """Return where everybody of the case goes, those included who have a place."""
        where = {
            seeker.request: None if unit == NOWHERE else self.units[unit]
            for seeker, unit in zip(self.seekers, pick.tolist(), strict=True)
        }
        return {seeker.request: where.get(seeker.request, seeker.unit) for seeker in self.case.seekers}

    def pick(self, choice: Choice) -> Longs:
        """Return the unit of each row, NOWHERE where it has none among these."""
        at = {unit: column for column, unit in enumerate(self.units)}
        picked = [at.get(unit, NOWHERE) if (unit := choice.get(one.request)) else NOWHERE for one in self.seekers]
        return np.array(picked, np.int64)


def problem_of(case: Case, policy: OrientationPolicy) -> Problem:
    board = columns_of(case)
    free = np.where((board.standing == 0) & (board.least < MANY), board.least, 0).astype(np.int64)
    capacity = free * (100 - policy.plan.reserve_percent) // 100
    ordered = np.argsort(board.order())
    rows = ordered[capacity[ordered] > 0]
    seekers = tuple(seeker for seeker in case.seekers if seeker.unit is None)
    fits = fit_all(case, board, seekers, rows, policy)
    units = tuple(board.seen[row].about.id for row in rows.tolist())
    size = np.array([seeker.household.party_size for seeker in seekers], np.int64)
    is_room = board.is_room[rows].astype(bool)
    problem = Problem(
        case=case,
        rules=policy.plan,
        board=board,
        seekers=seekers,
        units=units,
        points=fits.points,
        kind=fits.kind,
        plain=fits.plain,
        size=size,
        tier=np.array([tier_of(policy.plan, seeker) for seeker in seekers], np.int64),
        group=np.array([GROUPS.index(group_of(seeker.household)) for seeker in seekers], np.int64),
        drawn=_drawn(seekers, policy.plan),
        proposed=_proposed(seekers, units),
        capacity=capacity[rows],
        is_room=is_room,
        worth=np.where(is_room & (board.room[rows] < MANY), board.room[rows], 1).astype(np.int64),
        shelter=board.shelter[rows].astype(np.int64),
        links=(),
        wanting=_wanting(case, policy.plan),
    )
    _keep_to_capacity(problem)
    _stay(problem)
    return _link(problem)


def tier_of(rules: PlanRules, seeker: Seeker) -> int:
    return place_among(rules.tiers, seeker.household, turned_away=seeker.turned_away)


def _keep_to_capacity(problem: Problem) -> None:
    """No party goes where fewer places are free than it needs."""
    for size in np.unique(problem.size).tolist():
        small = np.flatnonzero(~problem.is_room & (problem.capacity < size))
        problem.points[np.ix_(problem.size == size, small)] = NEVER


def _stay(problem: Problem) -> None:
    rows, at = staying(problem)
    problem.points[rows, at] += problem.rules.stability


def staying(problem: Problem) -> tuple[Longs, Longs]:
    """Return who may go where the plan before had them, and where that is."""
    rows = np.flatnonzero(problem.proposed != NOWHERE)
    at = problem.proposed[rows]
    there = problem.points[rows, at] != NEVER
    return rows[there], at[there]


def linked_in(problem: Problem) -> Bools:
    """Return which households are in a link."""
    linked = np.zeros(len(problem.seekers), bool)
    for link in problem.links:
        linked[link] = True
    return linked


def _drawn(seekers: tuple[Seeker, ...], rules: PlanRules) -> Numbers:
    """The first of a draw has all of the points, the last next to none."""
    size = 1 + max((one.drawn for one in seekers if one.drawn is not None), default=0)
    return np.array(
        [0.0 if one.drawn is None else rules.drawn * (size - one.drawn) // size for one in seekers], np.float64
    )


def _proposed(seekers: tuple[Seeker, ...], units: tuple[UUID, ...]) -> Longs:
    at = {unit: column for column, unit in enumerate(units)}
    return np.array([NOWHERE if one.proposed is None else at.get(one.proposed, NOWHERE) for one in seekers], np.int64)


def _wanting(case: Case, rules: PlanRules) -> Numbers:
    """Return how many people of each group the floors want to place beyond those who have a place."""
    wanting = np.zeros(len(GROUPS))
    for seeker in case.seekers:
        group = group_of(seeker.household)
        share = rules.floors.get(group, 0) / 100
        placed = 0.0 if seeker.unit is None else 1.0
        wanting[GROUPS.index(group)] += (share - placed) * seeker.household.party_size
    return np.maximum(wanting, 0.0)


def _link(problem: Problem) -> Problem:
    """Bind those who wait together; where one of a link has a place, the others may only go to that shelter."""
    row_of = {seeker.request: row for row, seeker in enumerate(problem.seekers)}
    placed = {seeker.request: seeker.unit for seeker in problem.case.seekers if seeker.unit is not None}
    houses = {state.id: state.shelter for state in problem.case.states}
    links = []
    for link in _merged(problem.case.links):
        rows = np.array(sorted(row_of[one] for one in link if one in row_of), np.intp)
        bound = {problem.board.shelters.get(houses[placed[one]], NOWHERE) for one in link if one in placed}
        if bound:
            elsewhere = np.flatnonzero(~np.isin(problem.shelter, list(bound)))
            problem.points[np.ix_(rows, elsewhere)] = NEVER
        if len(rows) > 1:
            _keep_to_shelters(problem, rows)
            links.append(rows)
    return replace(problem, links=tuple(links))


def _keep_to_shelters(problem: Problem, link: Rows) -> None:
    """No link goes to a shelter that has not room for all of it at once."""
    if len(link) > _TRIED:
        return
    may = (problem.points[link] != NEVER) & (problem.capacity >= problem.needs(problem.size[link]))
    choices = np.array([np.bincount(problem.shelter, each, problem.shelters) for each in may]).min(axis=0)
    # Where each has as many units to choose from as they are, none has to share one.
    for shelter in np.flatnonzero((choices > 0) & (choices < len(link))).tolist():
        units = np.flatnonzero(problem.shelter == shelter)
        choices[shelter] = _seats(problem, link.tolist(), units, problem.capacity[units])
    problem.points[np.ix_(link, np.flatnonzero(choices[problem.shelter] == 0))] = NEVER


def _seats(problem: Problem, link: list[int], units: Rows, left: Longs) -> bool:
    if not link:
        return True
    needs = np.where(problem.is_room[units], 1, problem.size[link[0]])
    for at in np.flatnonzero((problem.points[link[0], units] != NEVER) & (left >= needs)).tolist():
        after = left.copy()
        after[at] -= needs[at]
        if _seats(problem, link[1:], units, after):
            return True
    return False


def _merged(links: Iterable[Iterable[UUID]]) -> list[set[UUID]]:
    """Links that share a household are one."""
    merged: list[set[UUID]] = []
    for link in links:
        new = set(link)
        for old in [one for one in merged if one & new]:
            new |= old
            merged.remove(old)
        merged.append(new)
    return merged
