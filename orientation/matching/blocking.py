"""The hard rules: for every row all that blocks it, and all that must be asked there, as masks."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from inventory.model.unit import Regime
from orientation.matching.admitting import party_of, tables
from orientation.matching.columns import REGIMES, TOLERANCES, Columns, Ints, micros, minutes_of_night
from orientation.matching.context import Bar, Context
from orientation.matching.reasons import ASK, BLOCKER, Ask, Blocker
from orientation.model.household import Household

Bools = npt.NDArray[np.bool_]


class Masks(NamedTuple):
    blockers: Ints
    asks: Ints
    # How many allotments the party takes there.
    need: Ints

    def block(self, where: Bools, code: Blocker) -> None:
        np.bitwise_or(self.blockers, where * np.int32(BLOCKER[code]), out=self.blockers)

    def ask(self, where: Bools, code: Ask) -> None:
        np.bitwise_or(self.asks, where * np.int32(ASK[code]), out=self.asks)


def judge(columns: Columns, household: Household, context: Context, now: datetime) -> Masks:
    wanted, unknown = _wanted(household)
    # Clipping spares a look at every number: there is no audience beyond the table.
    by_audience = tables(party_of(household))
    masks = Masks(
        columns.standing | (columns.lacks & wanted) | by_audience[0].take(columns.audience, mode="clip"),
        (columns.unknown & unknown) | by_audience[1].take(columns.audience, mode="clip"),
        household.party_size - columns.is_room * np.int32(household.party_size - 1),
    )
    masks.block(columns.regime != REGIMES[context.regime], Blocker.REGIME)
    _size(masks, columns, household.party_size)
    _ages(masks, columns, household)
    _tolerance(masks, columns, household)
    _times(masks, columns, context, now)
    _whereto(masks, columns, household)
    for bar in context.bars:
        if bar.until > now:
            _bar(masks, columns, bar)
    return masks


def _bar(masks: Masks, columns: Columns, bar: Bar) -> None:
    row = columns.rows.get(bar.unit_id)
    if row is not None:
        masks.blockers[row] |= BLOCKER[Blocker.BARRED]
    if bar.shelter_id is not None and bar.shelter_id in columns.shelters:
        masks.block(columns.shelter == columns.shelters[bar.shelter_id], Blocker.BARRED)


def _wanted(household: Household) -> tuple[int, int]:
    """Return which of what units lack, and which of what is unknown of them, concerns this household."""
    needs = household.needs
    wanted = (
        (needs.step_free, Blocker.STEP_FREE, Ask.STEP_FREE),
        (needs.pets > 0, Blocker.PETS, Ask.PETS),
        (needs.medical_care, Blocker.MEDICAL_CARE, Ask.MEDICAL_CARE),
    )
    # Every room has place for one.
    asks = ASK[Ask.ROOM_SIZE] if household.party_size > 1 else 0
    return (
        sum(BLOCKER[blocker] for needed, blocker, _ in wanted if needed),
        asks | sum(ASK[ask] for needed, _, ask in wanted if needed),
    )


def _size(masks: Masks, columns: Columns, party_size: int) -> None:
    lacking = masks.need > columns.most
    masks.block(lacking, Blocker.NO_PLACES)
    masks.ask((masks.need > columns.least) & ~lacking, Ask.PLACES)
    masks.block(columns.room < party_size, Blocker.ROOM_TOO_SMALL)
    masks.block(columns.party_max < party_size, Blocker.PARTY_TOO_LARGE)
    masks.block(columns.party_min > party_size, Blocker.PARTY_TOO_SMALL)


def _ages(masks: Masks, columns: Columns, household: Household) -> None:
    """Somebody whose whole band lies outside is; somebody whose band a limit cuts may be."""
    youngest, oldest = zip(*(member.age.years for member in household.answering), strict=True)
    outside = (columns.age_min > min(oldest)) | (columns.age_max < max(youngest))
    masks.block(outside, Blocker.AGE)
    masks.ask(((columns.age_min > min(youngest)) | (columns.age_max < max(oldest))) & ~outside, Ask.AGE)


def _tolerance(masks: Masks, columns: Columns, household: Household) -> None:
    if household.needs.tolerance is None:
        return
    unknown = columns.tolerance < 0
    masks.block((columns.tolerance < TOLERANCES[household.needs.tolerance]) & ~unknown, Blocker.TOLERANCE)
    masks.ask(unknown, Ask.TOLERANCE)


def _times(masks: Masks, columns: Columns, context: Context, now: datetime) -> None:
    instant = micros(now, 0)
    masks.block(columns.paused_until > instant, Blocker.INTAKE_PAUSED)
    masks.block(columns.expires_at <= instant, Blocker.EXPIRED)
    if context.regime is Regime.NIGHT:
        so_late = minutes_of_night(now.astimezone(context.zone).time())
        masks.ask(columns.intake_ends_min <= so_late, Ask.INTAKE_HOURS)


def _whereto(masks: Masks, columns: Columns, household: Household) -> None:
    away = household.needs.away_from
    for shelter in away.shelters:
        if shelter in columns.shelters:
            masks.block(columns.shelter == columns.shelters[shelter], Blocker.AWAY_SHELTER)
    for commune in away.communes:
        if commune in columns.communes:
            masks.block(columns.commune == columns.communes[commune], Blocker.AWAY_COMMUNE)
