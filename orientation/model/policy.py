"""The rules of orientation that a region may set: data, versioned, never edited in place, as those of the inventory.

What a suggestion weighs stands in `Weights`: points, whole numbers, so that a sum can be checked by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import UUID

from inventory.model.policy import Unsound
from inventory.model.unit import Regime
from orientation.model.sharing import DrawRules, PlanRules, bounds_of, draw_as_data, plan_as_data
from orientation.model.times import ADMISSION, NIGHT, Times

_MINUTE, _DAY = 60, 86_400
# At night nothing lasts longer than a day, and where admission is negotiated no longer than a year. Shorter than a
# minute, nobody could answer.
_TIMES_MAX_S = {Regime.NIGHT: _DAY, Regime.ADMISSION: 366 * _DAY}
_BARRED_NIGHTS_MAX = 366
SHELTERS_MAX = 1_000
# More than this, and one term would drown all the others, which a hard rule should say instead.
_POINTS_MAX = 1_000
_REACH_MIN_M, _REACH_MAX_M = 500, 100_000


@dataclass(frozen=True, slots=True)
class Weights:
    """Points for what speaks for a unit, and points lost for what speaks against it.

    `distance` is for a unit at the very point that was asked for, and falls to nothing at `reach_m`.
    """

    distance: int = 100
    reach_m: int = 8_000
    continuity: int = 60
    language: int = 40
    # For each wish that is met.
    preference: int = 30
    # Lost for each thing that must be asked first.
    ask: int = 15
    # Lost for a feature that nobody of this household needs, if no other unit had it; less, the more have it.
    thrift: int = 40
    # Lost for each place of a room that would stay empty.
    spare_place: int = 5
    # Lost for a count that is no longer fresh.
    aging: int = 10
    stale: int = 40
    silent: int = 90


_WEIGHTS = Weights()
_PLAN, _DRAW = PlanRules(), DrawRules()


@dataclass(frozen=True, slots=True)
class OrientationPolicy:
    """All of it, of one version. Nobody has set version 0; `id` is that of the version's row."""

    weights: Weights = _WEIGHTS
    night: Times = NIGHT
    admission: Times = ADMISSION
    # Shelters that take longer, or less long, to answer than their regime says.
    shelter_hold_ttl_s: Mapping[UUID, int] = field(default_factory=dict)
    # For how many nights a household is not offered a unit again that declined it for a reason that stays.
    barred_nights: int = 7
    plan: PlanRules = _PLAN
    draw: DrawRules = _DRAW
    version: int = 0
    id: UUID | None = None

    def times(self, regime: Regime) -> Times:
        return self.night if regime is Regime.NIGHT else self.admission

    def hold_ttl_s(self, regime: Regime, shelter_id: UUID) -> int:
        return self.shelter_hold_ttl_s.get(shelter_id, self.times(regime).hold_ttl_s)

    def plans_like(self, other: OrientationPolicy) -> bool:
        """Tell whether both make the same plan: how long a hold lasts makes no other one."""
        return (self.weights, self.plan) == (other.weights, other.plan)

    @property
    def rules(self) -> dict[str, Any]:
        """What it says, without which version of it this is."""
        return {
            "weights": asdict(self.weights),
            "night": asdict(self.night),
            "admission": asdict(self.admission),
            "shelter_hold_ttl_s": {str(id): ttl_s for id, ttl_s in self.shelter_hold_ttl_s.items()},
            "barred_nights": self.barred_nights,
            "plan": plan_as_data(self.plan),
            "draw": draw_as_data(self.draw),
        }

    @property
    def hash(self) -> str:
        """The same rules have the same one, in whatever version, on every node."""
        return blake2b(json.dumps(self.rules, sort_keys=True).encode(), digest_size=8).hexdigest()


def unsound(policy: OrientationPolicy) -> Unsound | None:
    """Return the first rule that is out of its bounds."""
    for name, value, least, most in _bounded(policy):
        if not least <= value <= most:
            return Unsound(name, least, most)
    return None


def _bounded(policy: OrientationPolicy) -> Iterator[tuple[str, int, int, int]]:
    weights = asdict(policy.weights)
    yield "weights.reach_m", weights.pop("reach_m"), _REACH_MIN_M, _REACH_MAX_M
    # An older count must not weigh more than a younger one.
    least = {"stale": policy.weights.aging, "silent": policy.weights.stale}
    for name, points in weights.items():
        yield f"weights.{name}", points, least.get(name, 0), _POINTS_MAX
    for regime in Regime:
        for name, seconds in asdict(policy.times(regime)).items():
            yield f"{regime}.{name}", seconds, _MINUTE, _TIMES_MAX_S[regime]
    for shelter_id, ttl_s in policy.shelter_hold_ttl_s.items():
        yield f"shelter_hold_ttl_s.{shelter_id}", ttl_s, _MINUTE, _TIMES_MAX_S[Regime.ADMISSION]
    yield "barred_nights", policy.barred_nights, 0, _BARRED_NIGHTS_MAX
    yield from bounds_of(policy.plan, policy.draw)
