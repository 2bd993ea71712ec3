"""Why a household is here and not there, or has no place: what fits, how well, and to whom those places went.

Who has a place is counted by tier and group and never named: an explanation may be read aloud to whoever asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np

from orientation.matching.blocking import judge
from orientation.matching.columns import Columns
from orientation.matching.ranking import Ranking, rank
from orientation.matching.reasons import BLOCKER, Blocker
from orientation.matching.results import NearMiss, Points, Suggestion
from orientation.model.counts import PartyGroup, group_of
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case, Seeker, columns_of, context_of, freed
from orientation.planning.problem import tier_of

# Of other units, and of near misses, as many as somebody would listen to.
_TOLD = 10


@dataclass(frozen=True, slots=True)
class Taken:
    tier: int
    group: PartyGroup
    households: int


@dataclass(frozen=True, slots=True)
class OtherUnit:
    """A unit that fits as well, with its score, and who has it by this plan."""

    unit: UUID
    shelter: UUID
    score: int
    taken: tuple[Taken, ...]


@dataclass(frozen=True, slots=True)
class BlockedBy:
    code: Blocker
    units: int


@dataclass(frozen=True, slots=True)
class Why:
    """With a unit: its `rank` among the `of` that fit, its points, and the `better` ones. Without: all the rest.

    `linked`: how many other households go to the same shelter or, as this one, nowhere.
    """

    request: UUID
    unit: UUID | None
    rank: int | None
    of: int
    terms: tuple[Points, ...] = ()
    better: tuple[OtherUnit, ...] = ()
    blockers: tuple[BlockedBy, ...] = ()
    near: tuple[NearMiss, ...] = ()
    fitting: tuple[OtherUnit, ...] = ()
    linked: int = 0


class NoSuchSeeker(LookupError):
    """The request is not of this case."""


def why(case: Case, policy: OrientationPolicy, choice: Mapping[UUID, UUID | None], request: UUID) -> Why:
    seeker = next((one for one in case.seekers if one.request == request), None)
    if seeker is None:
        raise NoSuchSeeker(f"The case of {case.night} has no request {request}.")
    together = {one for link in case.links if request in link for one in link}
    return replace(_alone(case, policy, choice, seeker), linked=len(together - {request}))


def _alone(case: Case, policy: OrientationPolicy, choice: Mapping[UUID, UUID | None], seeker: Seeker) -> Why:
    request = seeker.request
    columns = columns_of(_as_if_waiting(case, seeker))
    ranking = rank(columns, seeker.household, context_of(case, seeker), policy, case.now, limit=len(columns))
    unit = choice[request]
    taken = _taken(case, policy, choice)
    if unit is None:
        return _nowhere(case, seeker, columns, ranking, taken)
    place = next((nth for nth, one in enumerate(ranking.suggestions) if one.unit == unit), None)
    if place is None:
        # Held there by a person who knew better than the rules, or by other rules than these.
        return Why(request, unit, None, ranking.fits)
    ours = ranking.suggestions[place]
    better = tuple(_other(one, taken) for one in ranking.suggestions[:place][:_TOLD])
    return Why(request, unit, place + 1, ranking.fits, terms=tuple(ours.terms), better=better)


def _as_if_waiting(case: Case, seeker: Seeker) -> Case:
    """What is held for this household is free for it."""
    if seeker.unit is None:
        return case
    secret = {shelter.id for shelter in case.shelters if shelter.secret}
    states = (
        freed(one, seeker.places, masked=one.secret or one.shelter in secret) if one.id == seeker.unit else one
        for one in case.states
    )
    return replace(case, states=tuple(states))


def _nowhere(
    case: Case, seeker: Seeker, columns: Columns, ranking: Ranking, taken: Mapping[UUID, tuple[Taken, ...]]
) -> Why:
    masks = judge(columns, seeker.household, context_of(case, seeker), case.now).blockers
    counted = ((code, int(np.count_nonzero(masks & bit))) for code, bit in BLOCKER.items())
    return Why(
        seeker.request,
        None,
        None,
        ranking.fits,
        blockers=tuple(BlockedBy(code, units) for code, units in counted if units),
        near=tuple(ranking.near_misses(_TOLD)),
        fitting=tuple(_other(one, taken) for one in ranking.suggestions[:_TOLD]),
    )


def _taken(
    case: Case, policy: OrientationPolicy, choice: Mapping[UUID, UUID | None]
) -> Mapping[UUID, tuple[Taken, ...]]:
    counts: Counter[tuple[UUID, int, PartyGroup]] = Counter()
    for seeker in case.seekers:
        unit = choice[seeker.request]
        if unit is not None:
            counts[unit, tier_of(policy.plan, seeker), group_of(seeker.household)] += 1
    found: dict[UUID, tuple[Taken, ...]] = {}
    for (unit, tier, group), households in sorted(counts.items(), key=lambda one: (one[0][1], one[0][2])):
        found[unit] = (*found.get(unit, ()), Taken(tier, group, households))
    return found


def _other(one: Suggestion, taken: Mapping[UUID, tuple[Taken, ...]]) -> OtherUnit:
    return OtherUnit(one.unit, one.shelter, one.score, taken.get(one.unit, ()))
