"""Planning again after something happened: who has a place keeps it, and few who were proposed one move (steadying.py).

A unit closed, places became free, somebody asked or went, a shelter declined: the case is another one, and the plan
before stands in it as what it proposed. Staying there is worth points, so that nobody moves for less.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case
from orientation.planning.choice import Plan, Progress
from orientation.planning.solving import plan

# Somebody is waiting for it on the telephone: of the time that there is, so much goes to reading, to comparing, and to
# a process that starts where none waits; and so much is solved for at least.
_BESIDE_S, _LEAST_S = 0.8, 0.5


def replan(
    case: Case,
    policy: OrientationPolicy,
    *,
    time_limit_s: float,
    progress: Progress | None = None,
    freely: bool = False,
) -> Plan:
    """Return the plan of a case that says what was proposed before; all that is made of it is within the time."""
    within_s = max(_LEAST_S, time_limit_s - _BESIDE_S)
    return plan(case, policy, time_limit_s=within_s, progress=progress, freely=freely)


def after(case: Case, before: Mapping[UUID, UUID | None]) -> Case:
    """Return the case with what the plan before proposed to each household."""
    seekers = (
        replace(one, proposed=before.get(one.request), asked_since=one.request not in before) for one in case.seekers
    )
    return replace(case, seekers=tuple(seekers))


def moved(case: Case, before: Mapping[UUID, UUID | None], now: Mapping[UUID, UUID | None]) -> list[UUID]:
    """Return who was to go somewhere, and is to go elsewhere or nowhere now."""
    proposed = ((one.request, before.get(one.request)) for one in case.seekers)
    return [request for request, unit in proposed if unit is not None and now[request] != unit]
