"""Seeking: the households that ask for a place in an invented night, and how each of them fares if nobody intervenes.

They follow from seed and date like everything else of an evening. Coded facts alone, as a desk would take them down.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from halte.simulate.happening import name
from halte.simulate.housing import World
from halte.simulate.staying import noon

# A region of the usual size, in a night; in proportion to the places, a small part of those who sleep in it.
_PER_HUNDRED_PLACES = 2.2
_MOST = 400
# How many hours after noon they ask: registration goes on all afternoon, most telephone in the early evening.
_EARLIEST_H, _USUAL_H, _LATEST_H = 1.0, 6.2, 11.5
_CHANNELS = ("phone", "phone", "phone", "web", "web", "outreach", "walk-in", "partner")
_LANGUAGES = ("fr", "fr", "nl", "en", "ar", "ti", "ps", "ro", "es")

_Member = dict[str, str]


@dataclass(frozen=True, slots=True)
class Seeker:
    """A request with its body, and what becomes of it: how long the desk and a shelter take, and whether they come."""

    id: UUID
    at: datetime
    body: dict[str, Any]
    desk_takes: timedelta
    shelter_takes: timedelta
    way_takes: timedelta
    declined: str | None
    comes: bool


def seekers(world: World, night: date, zone: ZoneInfo) -> tuple[Seeker, ...]:
    """Draw who asks in a night, in order of time."""
    places = sum(room.capacity for house in world.houses for room in house.rooms if not room.surge)
    count = min(_MOST, max(6, int(places * _PER_HUNDRED_PLACES / 100)))
    communes = sorted({house.shelter.commune for house in world.houses})
    drawn = [_seeker(world, night, zone, nth, communes) for nth in range(count)]
    return tuple(sorted(drawn, key=lambda one: (one.at, one.id)))


def _seeker(world: World, night: date, zone: ZoneInfo, nth: int, communes: Sequence[str]) -> Seeker:
    chance = world.chance("seek", night, nth)
    asks = timedelta(hours=chance.triangular(_EARLIEST_H, _LATEST_H, _USUAL_H))
    party = list(_party(chance))
    request_id = name(world.id, night, "request", nth)
    body = {
        "id": request_id,
        "regime": "night",
        "channel": chance.choice(_CHANNELS),
        "party": party,
        "needs": _needs(chance, communes),
        "urgency": list(_urgency(chance, party)),
        "continues": None,
        "contact": None,
    }
    return Seeker(
        id=request_id,
        at=noon(night, zone) + timedelta(seconds=int(asks.total_seconds())),
        body=body,
        desk_takes=_minutes(chance, 3, 35),
        shelter_takes=_minutes(chance, 2, 9),
        way_takes=_minutes(chance, 15, 80),
        declined=_declined(chance),
        comes=chance.random() < 0.88,
    )


def _minutes(chance: random.Random, least: int, most: int) -> timedelta:
    return timedelta(seconds=chance.randint(least * 60, most * 60))


def _declined(chance: random.Random) -> str | None:
    """Now and then a shelter says no, at the first that asks; what the board says must then be said anew."""
    if chance.random() >= 0.12:
        return None
    return chance.choice(("not-for-us", "known-conflict", "no-staff", "full"))


def _party(chance: random.Random) -> Iterator[_Member]:
    """Yield the members: most come alone, and most of those are men (DOMAIN.md)."""
    kind = chance.choices(("man", "woman", "couple", "mother", "family", "friends"), (52, 16, 8, 12, 8, 4))[0]
    age = chance.choices(("18-25", "26-59", "60+"), (18, 70, 12))[0]
    yield _member("woman" if kind in {"woman", "mother"} else "man", age, "self")
    if kind in {"couple", "family"}:
        yield _member("woman", age, "partner")
    if kind == "friends":
        yield _member("man", age, "friend")
    if kind in {"mother", "family"}:
        for _ in range(chance.choice((1, 1, 2, 3))):
            yield _member("unsaid", chance.choice(("0-2", "3-11", "3-11", "12-17")), "child")


def _member(gender: str, age: str, relation: str) -> _Member:
    return {"age": age, "gender": gender, "relation": relation}


def _needs(chance: random.Random, communes: Sequence[str]) -> dict[str, Any]:
    return {
        "step_free": chance.random() < 0.06,
        "pets": 1 if chance.random() < 0.05 else 0,
        "medical_care": chance.random() < 0.04,
        "tolerance": "supervised" if chance.random() < 0.1 else None,
        "languages": [chance.choice(_LANGUAGES)],
        "together": True,
        "near": chance.choice(communes) if chance.random() < 0.25 else None,
        "away_from": {"shelters": [], "communes": []},
    }


def _urgency(chance: random.Random, party: Sequence[_Member]) -> Iterator[str]:
    if any(member["relation"] == "child" for member in party):
        yield "minor"
    if chance.random() < 0.4:
        yield "street-tonight"
    elif chance.random() < 0.15:
        yield chance.choice(("evicted", "leaving-hospital", "cold"))
