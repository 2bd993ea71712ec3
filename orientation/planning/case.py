"""A case: all that a plan is made of, as data: who waits, what is free, and what holds already.

The same case and the same rules give the same plan, on any machine, tonight or in a year. Facts about people stand in
here: a case is kept where requests are, and erased with them (I9). A secret shelter is seen behind its mask (I11).
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from inventory.bodies import ShelterBody
from inventory.model.audience import BAND_FLOOR, band
from inventory.model.unit import Regime
from orientation.matching.columns import Columns, Position
from orientation.matching.context import Bar, Context
from orientation.matching.seeing import State, see
from orientation.model.household import Household


@dataclass(frozen=True, slots=True)
class Seeker:
    """A household of the queue. `continues` is the shelter of the night before; `drawn` its place in a draw, 0 first.

    `unit` is where so many `places` (or rooms) are held for it, `confirmed` that the shelter has accepted it there;
    `proposed` is the unit that the plan before had for it; one that has `asked_since` stood in no plan.
    """

    request: UUID
    code: str
    household: Household
    asked_at: datetime
    continues: UUID | None = None
    bars: tuple[Bar, ...] = ()
    turned_away: bool = False
    unit: UUID | None = None
    places: int = 0
    confirmed: bool = False
    proposed: UUID | None = None
    drawn: int | None = None
    asked_since: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """`seekers` in the order of asking. Of `links` each is households that go to one shelter, or nowhere."""

    night: date
    now: datetime
    zone: str
    seq: int
    epoch: UUID
    shelters: tuple[ShelterBody, ...]
    states: tuple[State, ...]
    # Where the communes' labels stand, by NIS code.
    points: dict[str, Position]
    seekers: tuple[Seeker, ...]
    links: tuple[tuple[UUID, ...], ...] = ()


_decode = msgspec.json.Decoder(Case).decode


def encode(case: Case) -> bytes:
    return zlib.compress(msgspec.json.encode(case))


def decode(content: bytes) -> Case:
    return _decode(zlib.decompress(content))


def columns_of(case: Case) -> Columns:
    """Return the board of the case for matching; a unit that no shelter describes is left out."""
    shelters = {shelter.id: shelter for shelter in case.shelters}
    abouts = {about.id: about for shelter in case.shelters for about in shelter.units}
    columns = Columns()
    columns.place(case.points)
    columns.fill(
        see(shelters[state.shelter], abouts[state.id], state)
        for state in case.states
        if state.shelter in shelters and state.id in abouts
    )
    return columns


def context_of(case: Case, seeker: Seeker) -> Context:
    return Context(Regime.NIGHT, ZoneInfo(case.zone), seeker.continues, seeker.bars)


def without_holds(case: Case) -> Case:
    """Return the case as if nobody had a place yet: what is held for its seekers is free again."""
    held: Counter[UUID] = Counter()
    for seeker in case.seekers:
        if seeker.unit is not None:
            held[seeker.unit] += seeker.places
    secret = {shelter.id for shelter in case.shelters if shelter.secret}
    states = tuple(freed(one, held[one.id], masked=one.secret or one.shelter in secret) for one in case.states)
    seekers = tuple(replace(one, unit=None, places=0, confirmed=False) for one in case.seekers)
    return replace(case, states=states, seekers=seekers)


def freed(state: State, places: int, *, masked: bool) -> State:
    """Return a unit as if so many of its held places were free again.

    At a secret shelter they are added to the least that the band of before can mean: the band of the exact sum would
    tell the desk, which knows what it held, more than either of the two (I11).
    """
    if not masked:
        return msgspec.structs.replace(state, held=max(0, state.held - places))
    least = BAND_FLOOR[band(state.free - state.held)]
    return msgspec.structs.replace(state, free=least + places, held=0)
