"""Who asks in an invented night: the same for the same seed, and nothing that the server would refuse."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from halte.demo.inventing import invent
from halte.simulate.housing import World, furnish
from halte.simulate.seeking import seekers
from halte.simulate.staying import DAY, noon
from kernel.ids import new_id
from orientation.model.placement import DeclineReason
from orientation.schemas import AskBody

NIGHT, BRUSSELS = date(2026, 1, 14), ZoneInfo("Europe/Brussels")


def _world() -> World:
    region_id = new_id()
    return furnish(region_id, invent(region_id, 1, 0.3), 1)


def test_the_same_night_has_the_same_seekers() -> None:
    world = _world()
    first, again = seekers(world, NIGHT, BRUSSELS), seekers(world, NIGHT, BRUSSELS)
    assert first == again
    assert {one.id for one in first}.isdisjoint(one.id for one in seekers(world, NIGHT + DAY, BRUSSELS))


def test_every_household_can_be_taken_down() -> None:
    drawn = seekers(_world(), NIGHT, BRUSSELS)
    assert len(drawn) > 20
    for one in drawn:
        asked = msgspec.json.decode(msgspec.json.encode(one.body), type=AskBody)
        assert asked.household().party_size == len(one.body["party"])
        assert noon(NIGHT, BRUSSELS) < one.at < noon(NIGHT + DAY, BRUSSELS)
        assert one.declined is None or DeclineReason(one.declined)
    assert {one.body["party"][0]["gender"] for one in drawn} == {"man", "woman"}
