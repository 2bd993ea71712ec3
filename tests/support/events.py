"""What happens to a night after its plan: units close, places become free, people ask and go, shelters decline."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import msgspec

from orientation.matching.context import Bar
from orientation.planning.case import Case, Seeker
from tests.support.nights import needs

EVENTS = ("closes", "appears", "asks", "goes", "declines")


@dataclass(frozen=True, slots=True)
class Happened:
    """The case after it, and the households that it is about: whether they move is not the plan's choice."""

    case: Case
    concerned: frozenset[UUID]


def confirmed(chance: random.Random, case: Case, choice: Mapping[UUID, UUID | None], share: float = 0.3) -> Case:
    """Hold places for some as the plan proposes, accepted by their shelters."""
    states, seekers = {one.id: one for one in case.states}, []
    for seeker in case.seekers:
        unit = choice[seeker.request]
        if unit is not None and chance.random() < share:
            need = needs(case, seeker, unit)
            states[unit] = msgspec.structs.replace(states[unit], held=states[unit].held + need)
            seekers.append(replace(seeker, unit=unit, places=need, confirmed=True))
        else:
            seekers.append(replace(seeker, proposed=unit))
    return replace(case, states=tuple(states.values()), seekers=tuple(seekers))


def happen(chance: random.Random, event: str, case: Case, choice: Mapping[UUID, UUID | None]) -> Happened:
    waiting = [one for one in case.seekers if one.unit is None and choice[one.request] is not None]
    somebody = chance.choice(waiting)
    unit = next(unit for request, unit in choice.items() if request == somebody.request and unit is not None)
    there = frozenset(one.request for one in waiting if choice[one.request] == unit)
    if event == "closes":
        return Happened(_changed(case, unit, status="closed", holdable=False), there)
    if event == "appears":
        free = {state.id: state.free for state in case.states}[unit] + chance.randint(1, 3)
        return Happened(_changed(case, unit, free=free), frozenset())
    if event == "asks":
        new = replace(somebody, request=UUID(int=chance.getrandbits(128), version=4), proposed=None, bars=())
        return Happened(replace(case, seekers=(*case.seekers, new)), frozenset({new.request}))
    if event == "goes":
        left = tuple(one for one in case.seekers if one.request != somebody.request)
        return Happened(_without_link(replace(case, seekers=left), somebody), frozenset())
    bar = Bar(unit, case.now + timedelta(days=1), "not-for-us")
    seekers = (replace(one, bars=(*one.bars, bar)) if one is somebody else one for one in case.seekers)
    return Happened(replace(case, seekers=tuple(seekers)), frozenset({somebody.request}))


def _changed(case: Case, unit: UUID, **facts: object) -> Case:
    states = (msgspec.structs.replace(one, **facts) if one.id == unit else one for one in case.states)
    return replace(case, states=tuple(states))


def _without_link(case: Case, gone: Seeker) -> Case:
    return replace(case, links=tuple(link for link in case.links if gone.request not in link))
