"""Fit: points by name, for every row and in whole numbers. The score is their sum, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import numpy as np

from inventory.model.unit import Allotment, Regime
from orientation.matching.columns import MANY, REGIMES, Columns, Ints, Rows, micros
from orientation.matching.context import Context
from orientation.matching.reasons import Term
from orientation.matching.seeing import FEATURES, Seen
from orientation.model.household import Composition, Household
from orientation.model.policy import Weights

_UNKNOWN_M = -1
# Which features each combination of them has: a row for each feature.
_COMBINED = np.array([[there >> place & 1 for there in range(1 << len(FEATURES))] for place in range(len(FEATURES))])


class Fit(NamedTuple):
    """Of some rows, in their order."""

    rows: Rows
    asks: Ints
    terms: dict[Term, Ints]
    score: Ints
    # From the commune that was asked for, in metres; negative where that is unknown.
    distance_m: Ints | None


def weigh(
    columns: Columns, rows: Rows, asks: Ints, household: Household, context: Context, weights: Weights, *, now: datetime
) -> Fit:
    terms: dict[Term, Ints] = {}
    distance_m = distances(columns, rows, household.needs.near)
    if distance_m is not None:
        near = np.maximum(weights.reach_m - distance_m, 0) * np.int32(weights.distance) // np.int32(weights.reach_m)
        terms[Term.DISTANCE] = near * (distance_m >= 0)
    shelter = None if context.continues is None else columns.shelters.get(context.continues)
    if shelter is not None:
        terms[Term.CONTINUITY] = (columns.shelter[rows] == shelter) * np.int32(weights.continuity)
    if household.needs.languages:
        wanted = frozenset(household.needs.languages)
        by_speech = [0 if wanted.isdisjoint(speech) else weights.language for speech in columns.speeches]
        terms[Term.LANGUAGE] = np.array(by_speech, np.int32)[columns.speech[rows]]
    met = _met(columns, rows, household)
    if met is not None:
        terms[Term.PREFERENCES] = met * np.int32(weights.preference)
    terms[Term.THRIFT] = -_thrift(columns, rows, household, context.regime, weights)
    terms[Term.AGE] = _age(columns, rows, weights, micros(now, 0))
    terms[Term.ASKS] = np.bitwise_count(asks) * np.int32(-weights.ask)
    score = np.zeros(len(rows), np.int32)
    for points in terms.values():
        score += points
    return Fit(rows, asks, terms, score, distance_m)


def distances(columns: Columns, rows: Rows, near: str | None) -> Ints | None:
    """Return how far from a commune's label each row is, or None where that is not asked, or the map does not know it.

    A root is the only thing here that is no whole number, and the same wherever it is taken.
    """
    point = None if near is None else columns.point(near)
    if point is None:
        return None
    east, north = columns.x_m[rows].astype(np.int64) - point[0], columns.y_m[rows].astype(np.int64) - point[1]
    metres: Ints = np.sqrt(east * east + north * north).astype(np.int32)
    metres[columns.located[rows] == 0] = _UNKNOWN_M
    return metres


def wishes_room(household: Household) -> bool:
    """Tell whether they would rather have a room of their own: those who stay together."""
    return household.needs.together and household.party_size > 1


def wishes_met(seen: Seen, household: Household) -> list[str]:
    """Return which wishes a unit meets; none of them rules anything out."""
    met = ["commune"] if household.needs.near == seen.shelter.commune else []
    return [*met, "room"] if wishes_room(household) and seen.about.allotment == Allotment.ROOM else met


def _met(columns: Columns, rows: Rows, household: Household) -> Ints | None:
    commune = columns.communes.get(household.needs.near or "")
    met = None if commune is None else (columns.commune[rows] == commune).astype(np.int32)
    if not wishes_room(household):
        return met
    return columns.is_room[rows] if met is None else met + columns.is_room[rows]


def needed(household: Household) -> frozenset[str]:
    """Return the rare features that are not wasted on this household."""
    needs = household.needs
    wanted = (
        needs.step_free,
        needs.pets > 0,
        needs.medical_care,
        needs.tolerance is not None,
        household.composition is Composition.FAMILY,
        household.composition is Composition.MINORS,
    )
    return frozenset(name for name, there in zip(FEATURES, wanted, strict=True) if there)


def _thrift(columns: Columns, rows: Rows, household: Household, regime: Regime, weights: Weights) -> Ints:
    """Return what is lost for features and room that nobody of them needs: more, the fewer units have it."""
    by_features = columns.having[REGIMES[regime]]
    wanted, units = needed(household), int(by_features.sum())
    unneeded = [name not in wanted for name in FEATURES]
    lost = weights.thrift * (units - _COMBINED @ by_features) // max(1, units) * unneeded
    by_combination: Ints = (lost @ _COMBINED).astype(np.int32)
    wasted = by_combination[columns.features[rows]]
    room = columns.room[rows]
    wasted += np.maximum(room - household.party_size, 0) * (room < MANY) * np.int32(weights.spare_place)
    return wasted


def _age(columns: Columns, rows: Rows, weights: Weights, now: int) -> Ints:
    """Return what is lost for a count's age. One that is silent has been stale before, and aging before that."""
    lost = (columns.aging_at[rows] <= now) * np.int32(weights.aging)
    lost += (columns.stale_at[rows] <= now) * np.int32(weights.stale - weights.aging)
    lost += (columns.silent_at[rows] <= now) * np.int32(weights.silent - weights.stale)
    return np.negative(lost)
