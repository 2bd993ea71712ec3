"""The rows of a plan: a household each, where the plan has it and where the other ways would. Runs in the worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from inventory.model.unit import Regime
from orientation.distributing.results import Row
from orientation.matching.blocking import judge
from orientation.matching.columns import MANY, REGIMES, Columns, micros
from orientation.matching.weighing import weigh
from orientation.model.counts import group_of
from orientation.model.policy import OrientationPolicy
from orientation.model.sharing import place_among
from orientation.planning.case import Case, Seeker, columns_of, context_of
from orientation.planning.choice import Choice


@dataclass(frozen=True, slots=True)
class Ways:
    """Where everybody would be: by the plan, by first come, and by the rules of a day ago where those are others."""

    ours: Choice
    first_come: Choice
    yesterday: Choice | None


def free_places(columns: Columns, now: datetime) -> int:
    """Return how many people what is free tonight takes: a room for as many as it has places, one where nobody knows.

    Of a secret unit, the least that its band can mean (I11).
    """
    instant = micros(now, 0)
    open_now = (columns.paused_until <= instant) & (columns.expires_at > instant) & (columns.standing == 0)
    free = open_now & (columns.regime == REGIMES[Regime.NIGHT]) & (columns.least < MANY)
    each = np.where((columns.is_room == 1) & (columns.room < MANY), columns.room, 1)
    return int((np.maximum(columns.least, 0) * each)[free].sum())


def rows_of(case: Case, policy: OrientationPolicy, ways: Ways) -> list[Row]:
    """Return them in the order in which they are held: tier, then drawn place, then time of asking."""
    return sorted(_rows(case, policy, ways), key=lambda row: (row.tier, row.drawn is None, row.drawn or 0))


def _rows(case: Case, policy: OrientationPolicy, ways: Ways) -> Iterator[Row]:
    columns = columns_of(case)
    for seeker in case.seekers:
        household, unit_id = seeker.household, ways.ours[seeker.request]
        row = None if unit_id is None else columns.rows.get(unit_id)
        about = None if row is None else columns.seen[row].about
        yield Row(
            request=seeker.request,
            code=seeker.code,
            party_size=household.party_size,
            group=group_of(household),
            tier=place_among(policy.plan.tiers, household, turned_away=seeker.turned_away),
            drawn=seeker.drawn,
            unit=unit_id,
            shelter=None if row is None else columns.seen[row].shelter.id,
            need=None if about is None else 1 if about.allotment == "room" else household.party_size,
            allotment=None if about is None else about.allotment,
            pinned=seeker.unit is not None,
            fit=None if row is None else _fit(case, policy, columns, seeker, row),
            first_come=ways.first_come[seeker.request],
            yesterday=None if ways.yesterday is None else ways.yesterday[seeker.request],
            moved=seeker.proposed is not None and unit_id != seeker.proposed,
        )


def _fit(case: Case, policy: OrientationPolicy, columns: Columns, seeker: Seeker, row: int) -> int:
    context, rows = context_of(case, seeker), np.array([row])
    asks = judge(columns, seeker.household, context, case.now).asks[rows]
    return int(weigh(columns, rows, asks, seeker.household, context, policy.weights, now=case.now).score[0])
