"""Why here, and why nowhere: ranks among what fits, and to whom better places went, by tier and group alone."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from orientation.matching.reasons import Blocker
from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case
from orientation.planning.explaining import NoSuchSeeker, Why, why
from orientation.planning.inventing import invent
from orientation.planning.solving import plan
from tests.support.nights import points_of

POLICY = OrientationPolicy()


@pytest.fixture(scope="module")
def night() -> Case:
    return invent(8, shelters=8, units=30, households=60, scarcity=0.6)


@pytest.fixture(scope="module")
def choice(night: Case) -> dict[UUID, UUID | None]:
    return plan(night, POLICY, time_limit_s=20).choice


def test_somebody_with_a_place_hears_its_rank_and_who_has_the_better_ones(
    night: Case, choice: dict[UUID, UUID | None]
) -> None:
    outranked = 0
    for seeker in night.seekers:
        unit = choice[seeker.request]
        if unit is None:
            continue
        told = why(night, POLICY, choice, seeker.request)
        points = points_of(night, seeker, POLICY)
        assert (told.unit, told.of, sum(term.points for term in told.terms)) == (unit, len(points), points[unit])
        assert told.rank is not None
        assert sum(score > points[unit] for score in points.values()) < told.rank <= len(points)
        for other in told.better:
            outranked += 1
            assert other.score >= points[unit]
            assert sum(one.households for one in other.taken) == list(choice.values()).count(other.unit)
    assert outranked


def test_somebody_without_hears_what_blocks_and_who_has_what_fits(night: Case, choice: dict[UUID, UUID | None]) -> None:
    left = next(one for one in night.seekers if choice[one.request] is None and points_of(night, one, POLICY))
    told = why(night, POLICY, choice, left.request)
    assert (told.unit, told.rank, told.of) == (None, None, len(points_of(night, left, POLICY)))
    assert all(other.taken for other in told.fitting)
    closed = sum(state.status == "closed" for state in night.states)
    assert {one.code: one.units for one in told.blockers}.get(Blocker.CLOSED, 0) == closed
    # Nobody is named: the household itself is the only request in there.
    text = msgspec.json.encode(told).decode()
    assert [str(one.request) for one in night.seekers if str(one.request) in text] == [str(left.request)]


def test_who_is_linked_hears_with_how_many_others(night: Case, choice: dict[UUID, UUID | None]) -> None:
    """With a place and without: else a unit that stays empty would have no reason."""
    there = next(one.request for one in night.seekers if choice[one.request] is not None)
    left = next(one.request for one in night.seekers if choice[one.request] is None)
    third = next(one.request for one in night.seekers if one.request not in {there, left})
    linked = replace(night, links=((there, third, left),))
    for request in (there, left):
        alone = why(night, POLICY, choice, request)
        assert (alone.linked, why(linked, POLICY, choice, request)) == (0, replace(alone, linked=2))


def test_i11_who_is_held_at_a_refuge_hears_the_same_whatever_its_band_hides(
    night: Case, choice: dict[UUID, UUID | None]
) -> None:
    """What is overcommitted and what is just all taken are one band, and the desk knows what it held."""
    seeker = next(one for one in night.seekers if choice[one.request] is not None)
    unit = choice[seeker.request]
    size = seeker.household.party_size
    held = replace(seeker, unit=unit, places=size, confirmed=True)
    seekers = tuple(held if one is seeker else one for one in night.seekers)

    def told(free: int) -> Why:
        states = (
            msgspec.structs.replace(one, secret=True, free=free, held=9) if one.id == unit else one
            for one in night.states
        )
        return why(replace(night, seekers=seekers, states=tuple(states)), POLICY, choice, seeker.request)

    assert told(9 - size) == told(9)
    assert told(10) == told(11)


def test_another_nights_request_is_refused(night: Case, choice: dict[UUID, UUID | None]) -> None:
    with pytest.raises(NoSuchSeeker, match="has no request"):
        why(night, POLICY, choice, UUID(int=1))
