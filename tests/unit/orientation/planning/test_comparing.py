"""Who is parted by a choice is counted from the choice; and what solves it writes nothing where answers go."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from uuid import UUID

from orientation.planning.comparing import compare, parted
from orientation.planning.inventing import invent


def test_households_of_a_link_are_parted_by_two_shelters_and_by_a_place_for_one_alone() -> None:
    case = invent(1, shelters=6, units=15, households=8)
    first, second, third, *_ = (one.request for one in case.seekers)
    case = replace(case, links=((first, second),))
    here = case.states[0]
    near = next(one for one in case.states if one.shelter == here.shelter and one.id != here.id)
    far = next(one for one in case.states if one.shelter != here.shelter)
    nobody: dict[UUID, UUID | None] = dict.fromkeys((one.request for one in case.seekers), None)
    together = nobody | {first: here.id, second: near.id, third: far.id}
    for choice in (nobody, together):
        assert parted(case, choice) == set()
    for choice in (together | {second: far.id}, nobody | {first: here.id}):
        assert parted(case, choice) == {first, second}
        assert compare(case, choice, nobody).split == 2
    # One has a place already: the other may wait, and may not go elsewhere.
    held = replace(case, seekers=(replace(case.seekers[0], unit=here.id), *case.seekers[1:]))
    assert parted(held, nobody | {first: here.id}) == set()
    assert parted(held, nobody | {first: here.id, second: far.id}) == {first, second}


def test_the_solver_prints_nothing_where_answers_go() -> None:
    asked = (
        "from orientation.model.policy import OrientationPolicy as Policy\n"
        "from orientation.planning.inventing import invent\n"
        "from orientation.planning.solving import plan\n"
        "print(plan(invent(1, shelters=3, units=6, households=12), Policy(), time_limit_s=5).status)"
    )
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True)
    assert done.stdout in {"optimal\n", "feasible\n"}
