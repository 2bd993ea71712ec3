"""A night planned in a process of its own, so that its memory is its own: the task as JSON in argv, figures out."""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from typing import Any

from orientation.model.policy import OrientationPolicy
from orientation.planning.case import Case
from orientation.planning.greedy import by_priority, first_come
from orientation.planning.inventing import invent
from orientation.planning.replanning import after, moved, replan
from orientation.planning.solving import plan
from tests.support.events import EVENTS, confirmed, happen

POLICY = OrientationPolicy()


def planned(case: Case, time_limit_s: float) -> dict[str, Any]:
    began, worked = time.perf_counter(), time.process_time()
    found = plan(case, POLICY, time_limit_s=time_limit_s)
    took_s, worked_s = time.perf_counter() - began, time.process_time() - worked
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    size = {seeker.request: seeker.household.party_size for seeker in case.seekers}
    ways = found.choice, first_come(case, POLICY), by_priority(case, POLICY)
    people = [sum(size[one] for one, unit in way.items() if unit is not None) for way in ways]
    return {
        "gap": found.gap,
        "fit_gap": (found.fit_bound - found.fit) / max(1.0, abs(found.fit)),
        "proven": all(level.proven for level in found.levels),
        "took_s": took_s,
        "worked_s": worked_s,
        "peak_mb": peak_mb,
        "people": people,
        "phases": dict(found.phases),
    }


def replanned(case: Case, seed: int, events: int, time_limit_s: float) -> list[dict[str, Any]]:
    """Plan a night, confirm a third of it, and plan again after each of so many events."""
    chance = random.Random(seed)
    choice = plan(case, POLICY, time_limit_s=10).choice
    case, told = confirmed(chance, case, choice), []
    for nth in range(events):
        happened = happen(chance, EVENTS[nth % len(EVENTS)], case, choice)
        began, worked = time.perf_counter(), time.process_time()
        found = replan(after(happened.case, choice), POLICY, time_limit_s=time_limit_s)
        took_s, worked_s = time.perf_counter() - began, time.process_time() - worked
        others = [one for one in moved(happened.case, choice, found.choice) if one not in happened.concerned]
        pins = [one for one in happened.case.seekers if one.unit is not None and found.choice[one.request] != one.unit]
        reached = found.value if found.fresh is None else found.fresh.value
        told.append(
            {
                "event": EVENTS[nth % len(EVENTS)],
                "took_s": took_s,
                "worked_s": worked_s,
                "others": len(others),
                "pins": len(pins),
                "gap": (found.bound - reached) / max(1.0, abs(reached)),
                "placed": [level.placed for level in found.levels],
                "fresh": None if found.fresh is None else found.fresh.placed,
                "fresh_moves": None if found.fresh is None else found.fresh.moves,
            }
        )
        case, choice = happened.case, found.choice
    return told


def main() -> None:
    asked = json.loads(sys.argv[1])
    case = invent(asked["seed"], **asked["size"], scarcity=asked["scarcity"])
    if "events" in asked:
        print(json.dumps(replanned(case, asked["seed"], asked["events"], asked["time_limit_s"])))
    else:
        print(json.dumps(planned(case, asked["time_limit_s"])))


if __name__ == "__main__":
    main()
