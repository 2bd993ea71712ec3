"""Invented nights: the same seed gives the same night, and as much is free as was asked for."""

from __future__ import annotations

import pytest

from orientation.planning.case import decode, encode
from orientation.planning.inventing import free_places, invent

_SMALL = {"shelters": 12, "units": 40, "households": 60}


def test_a_seed_gives_one_night_and_another_seed_another() -> None:
    assert encode(invent(1, **_SMALL)) == encode(invent(1, **_SMALL))
    assert invent(1, **_SMALL).seekers != invent(2, **_SMALL).seekers


def test_a_night_survives_being_written_down() -> None:
    case = invent(3, **_SMALL)
    assert decode(encode(case)) == case


@pytest.mark.parametrize("scarcity", [0.6, 1.3])
def test_so_many_places_are_free_to_so_many_people(scarcity: float) -> None:
    case = invent(4, **_SMALL, scarcity=scarcity)
    waiting = sum(seeker.household.party_size for seeker in case.seekers)
    # The last thing that became free may be a room of six.
    assert 0 <= free_places(case) - round(waiting * scarcity) < 6
    assert sum(len(shelter.units) for shelter in case.shelters) == len(case.states) == _SMALL["units"]


def test_more_than_there_is_room_for_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        invent(5, shelters=2, units=2, households=900)
