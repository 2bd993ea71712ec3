"""The board of the backtest: the units of the file as matching sees them, and what is free in them just now.

A secret shelter stands behind its mask here too (I11): rules see its band, and only a hold finds out what is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from halte.backtest.assuming import ZONE
from halte.backtest.freeing import REGION, takes_callers
from halte.backtest.reading import Month
from halte.replay.daily.naming import operator_id, shelter_id, unit_id
from halte.replay.daily.reading import Programme
from halte.replay.daily.translating import is_refuge, unit_body
from halte.replay.naming import commune_code
from inventory.bodies import OperatorBody, ShelterBody, UnitAbout
from inventory.model.state import Status
from inventory.model.unit import Allotment, Regime
from orientation.matching.columns import Columns
from orientation.matching.context import Context
from orientation.matching.ranking import rank
from orientation.matching.seeing import State, see
from orientation.model.household import Household
from orientation.model.policy import OrientationPolicy

CONTEXT = Context(Regime.NIGHT, ZONE)
# A best place that turns out to be taken behind its mask is followed by the next best.
_TRIES = 5


class Board:
    """Units that are not among those of an evening are closed that evening."""

    def __init__(self, month: Month) -> None:
        self.shelters = {shelter.id: shelter for shelter in _shelters(month)}
        self._abouts = {unit.id: (shelter, unit) for shelter in self.shelters.values() for unit in shelter.units}
        self.columns = Columns()
        self.free: dict[UUID, int] = {}

    def open(self, free: Mapping[UUID, int]) -> None:
        """Begin an evening with what is free at its noon."""
        self.free = dict(free)
        for unit in self._abouts:
            self._show(unit)

    def change(self, unit: UUID, by: int) -> None:
        self.free[unit] += by
        if self.free[unit] < 0:
            raise ValueError(f"More was given in {unit} than there was.")
        self._show(unit)

    def need(self, unit: UUID, household: Household) -> int:
        room = self._abouts[unit][1].allotment == Allotment.ROOM
        return 1 if room else household.party_size

    def holds(self, unit: UUID, household: Household) -> bool:
        """Say whether there is room for all of them: a household is never split."""
        size = self._abouts[unit][1].room_size
        fits = size is None or household.party_size <= size
        return fits and self.need(unit, household) <= self.free.get(unit, 0)

    def best(self, household: Household, policy: OrientationPolicy, now: datetime) -> UUID | None:
        """Return the best suggestion in which there is a place indeed."""
        if not any(self.free.values()):
            return None
        ranking = rank(self.columns, household, CONTEXT, policy, now, _TRIES)
        return next((one.unit for one in ranking.suggestions if self.holds(one.unit, household)), None)

    def states(self) -> tuple[State, ...]:
        return tuple(map(self._state, self._abouts))

    def _state(self, unit: UUID) -> State:
        shelter, _ = self._abouts[unit]
        open_ = unit in self.free
        return State(
            id=unit, shelter=shelter.id, secret=shelter.secret,
            status=Status.OPEN if open_ else Status.CLOSED, holdable=open_,
            free=self.free.get(unit, 0), held=0, intake="open", intake_until=None,
            confirmed_at=None, aging_at=None, stale_at=None, silent_at=None,
        )  # fmt: skip

    def _show(self, unit: UUID) -> None:
        self.columns.put(see(*self._abouts[unit], self._state(unit)))


def _shelters(month: Month) -> Iterator[ShelterBody]:
    """Yield the houses of the month with their units, each as the last row of its programme describes it."""
    latest = {row.programme.id: row.programme for day in month.days for row in day.rows if takes_callers(row)}
    houses: defaultdict[UUID, list[Programme]] = defaultdict(list)
    for programme in latest.values():
        houses[shelter_id(REGION, programme)].append(programme)
    for id, there in houses.items():
        first = there[0]
        yield ShelterBody(
            id=id,
            operator=OperatorBody(operator_id(REGION, first), first.organisation),
            name=first.location,
            commune=commune_code(first.city),
            secret=any(map(is_refuge, there)),
            invented=False, closed=False, address=None, location=None, phone=None, languages=(), opens=None,
            closes=None, intake_from=None, intake_to=None,
            units=tuple(_about(one, id, month.room_sizes.get(one.id)) for one in there),
        )  # fmt: skip


def _about(programme: Programme, shelter: UUID, room_size: int | None) -> UnitAbout:
    body = unit_body(programme, shelter)
    # The file's youth services are for 16 to 24, and a caller of 18 to 25 is young: the band is taken whole.
    oldest = 25 if body["age_max"] == 24 else body["age_max"]
    return UnitAbout(
        id=unit_id(REGION, programme.id),
        name=body["name"],
        audience=tuple(body["audience"]),
        age_min=body["age_min"],
        age_max=oldest,
        party_min=1,
        party_max=None,
        allotment=body["allotment"],
        room_size=room_size,
        regime=body["regime"],
        turnover=body["turnover"],
        step_free=None, pets=None, tolerance=None, medical_care=None, max_stay_nights=None, surge=body["surge"],
        expires_at=None,
    )  # fmt: skip
