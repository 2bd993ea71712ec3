"""A better value where time is too short for a proof: a few agents at a time exchange what they have among them.

Each exchange is asked of the same search as the whole, so it finds one where there is one, and soon says where not.
"""

from __future__ import annotations

import time

import numpy as np

from orientation.assigning.assignment import Assignment, Numbers, Places, value_of
from orientation.assigning.deciding import decide
from orientation.assigning.packing import Knapsacks

# How long one question may take, and of how many agents it may be at first and at most.
_PATIENCE_S = 0.5
_FEWEST = 2
# So many questions without an answer in a row, and the next are of one agent more.
_TRIES = 8


def improve(
    assignment: Assignment, prices: Numbers, pair: Places, better_by: float, until: float, chance: np.random.Generator
) -> Places:
    """Return the best choice found from this one on; the same choice again if none is better."""
    used = np.unique(assignment.agent[pair])
    count, failed = _FEWEST, 0
    while time.monotonic() < until and len(used) > 1:
        some = chance.choice(used, min(count, len(used)), replace=False)
        begun = time.monotonic()
        found = _exchange(assignment, prices, pair, some, better_by, min(until, begun + _PATIENCE_S))
        if found is not None:
            pair, failed = found, 0
            continue
        failed += 1
        if time.monotonic() - begun >= _PATIENCE_S:
            count, failed = max(_FEWEST, count - 1), 0
        elif failed >= _TRIES:
            count, failed = min(count + 1, len(used)), 0
    return pair


def _exchange(
    assignment: Assignment, prices: Numbers, pair: Places, agents: Places, better_by: float, until: float
) -> Places | None:
    """Let these agents assign what they have anew, for less by so much; None where it cannot be, or not in time."""
    among = np.zeros(assignment.agents, dtype=bool)
    among[agents] = True
    theirs = among[assignment.agent[pair]]
    pairs = np.flatnonzero(among[assignment.agent] & theirs[assignment.job])
    part = Assignment(
        (np.cumsum(theirs) - 1)[assignment.job[pairs]],
        assignment.agent[pairs],
        assignment.cost[pairs],
        assignment.size[pairs],
        assignment.capacity,
        assignment.left_out[theirs],
    )
    most = float(assignment.cost[pair[theirs]].sum()) - better_by
    # Half the way to what they could at best is asked for first: a no to that is quick, and a yes is worth many small.
    bound = Knapsacks(part).pack(prices[theirs]).bound
    decided = decide(part, prices[theirs], (most + bound) / 2, until, thoroughly=False)
    if decided.pair is None and decided.sure:
        decided = decide(part, prices[theirs], most, until, thoroughly=False)
    found = decided.pair
    if found is None:
        return None
    changed = pair.copy()
    changed[theirs] = pairs[found]
    return changed if value_of(assignment, changed) < value_of(assignment, pair) else None
