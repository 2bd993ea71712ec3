"""Two plans of one night beside each other: who is placed by one and not by the other, by group, and at what price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias
from uuid import UUID

import numpy as np

from orientation.model.counts import PartyGroup, group_of
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case, Seeker
from orientation.planning.levels import coarse_of, most_people
from orientation.planning.problem import problem_of
from orientation.planning.valuing import Weights

Chosen: TypeAlias = Mapping[UUID, UUID | None]
# For the most people that could have a place if nobody came first: a small model, and without the time a bound.
_FAIRNESS_S = 2.0


@dataclass(frozen=True, slots=True)
class Share:
    """What a group asks for and gets: `placed` are people, and so are those that the other plan places."""

    group: PartyGroup
    households: int
    people: int
    placed: int
    placed_other: int

    @property
    def rate(self) -> float:
        return self.placed / self.people if self.people else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`gains` have a place in ours and not in the other, `losers` the reverse; `moved` have another unit in each.

    `split` are households that ours parts from those whom they are linked to.
    """

    people_placed: int
    people_placed_other: int
    households_placed: int
    households_placed_other: int
    gains: tuple[UUID, ...]
    losers: tuple[UUID, ...]
    moved: tuple[UUID, ...]
    groups: tuple[Share, ...]
    split: int


def compare(case: Case, ours: Chosen, other: Chosen) -> Comparison:
    with_us, with_them = _with(case.seekers, ours), _with(case.seekers, other)
    return Comparison(
        people_placed=_people(with_us),
        people_placed_other=_people(with_them),
        households_placed=len(with_us),
        households_placed_other=len(with_them),
        gains=tuple(one.request for one in with_us if other[one.request] is None),
        losers=tuple(one.request for one in with_them if ours[one.request] is None),
        moved=tuple(one.request for one in with_us if other[one.request] not in {None, ours[one.request]}),
        groups=tuple(_share(group, case.seekers, ours, other) for group in PartyGroup),
        split=len(parted(case, ours)),
    )


def parted(case: Case, choice: Chosen) -> set[UUID]:
    """Return the households of links that do not go to one shelter, or of which only some have a place.

    Where one has a place already, the others are with it or still wait.
    """
    shelters: dict[UUID | None, UUID | None] = {state.id: state.shelter for state in case.states}
    placed = {seeker.request for seeker in case.seekers if seeker.unit is not None}
    found: set[UUID] = set()
    for link in case.links:
        there, here = (
            {shelters.get(choice[one]) for one in link if (one in placed) is already} for already in (True, False)
        )
        if len(here) > 1 or (there and not here <= {None, *there}):
            found.update(link)
    return found


def price_of_fairness(case: Case, policy: OrientationPolicy, ours: Chosen) -> int:
    """Return how many people more could have a place if tiers and floors did not count."""
    return max(0, most_without_tiers(case, policy) - _people(_with(case.seekers, ours)))


def most_without_tiers(case: Case, policy: OrientationPolicy) -> int:
    """Return how many people can have a place at most if nobody comes before anybody, those held already included."""
    problem = problem_of(case, replace(policy, plan=replace(policy.plan, tiers=(), floors={})))
    held = _people(seeker for seeker in case.seekers if seeker.unit is not None)
    if not problem.seekers or not problem.units:
        return held
    most = most_people(coarse_of(problem), Weights(np.ones(1)), _FAIRNESS_S)
    return held + int(min(most, problem.size.sum()))


def _share(group: PartyGroup, asked: Iterable[Seeker], ours: Chosen, other: Chosen) -> Share:
    of_group = [seeker for seeker in asked if group_of(seeker.household) is group]
    placed, placed_other = _people(_with(of_group, ours)), _people(_with(of_group, other))
    return Share(group, len(of_group), _people(of_group), placed, placed_other)


def _with(seekers: Iterable[Seeker], choice: Chosen) -> list[Seeker]:
    return [seeker for seeker in seekers if choice[seeker.request] is not None]


def _people(seekers: Iterable[Seeker]) -> int:
    return sum(seeker.household.party_size for seeker in seekers)
