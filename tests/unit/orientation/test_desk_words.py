"""Every code that the server may say has a sentence on the desk's page: its lists are the server's own.

The dictionaries are typed by these lists, so that a code without a sentence in one of the languages is a type error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import pytest

from orientation.drawing.placing import Left
from orientation.matching.reasons import Ask, Blocker, Change, Term
from orientation.model.counts import PartyGroup
from orientation.model.draw import DrawState
from orientation.model.household import Age, Gender, Relation, Urgency
from orientation.model.placement import DeclineReason
from orientation.model.plan import PlanState
from orientation.model.policy import OrientationPolicy, Weights, _bounded
from orientation.model.request import SAID, Channel, UnmetReason
from orientation.model.sharing import DrawRules, Match, PlanRules, Tickets
from orientation.model.step import RefusalReason, StepKind, StepResult

SOURCE = Path(__file__).parents[3] / "frontend" / "src"
CODES, SHAPES = SOURCE / "desk" / "codes.ts", SOURCE / "api" / "orientation.ts"
SHARED = SOURCE / "distribution" / "shapes.ts"
RULES = SOURCE / "distribution" / "policies" / "rules.ts"


def _listed(file: Path, name: str) -> set[str]:
    found = re.search(rf"export const {name} = \[([^\]]*)\] as const;", file.read_text("utf-8"))
    assert found, f"{file.name} has no list {name}"
    return set(re.findall(r'"([^"]+)"', found[1]))


@pytest.mark.parametrize(
    "file, name, codes",
    [
        (CODES, "BLOCKERS", Blocker),
        (CODES, "ASKS", Ask),
        (CODES, "CHANGES", Change),
        (CODES, "TERMS", Term),
        (SHAPES, "AGES", Age),
        (SHAPES, "GENDERS", Gender),
        (SHAPES, "RELATIONS", Relation),
        (SHAPES, "URGENCIES", Urgency),
        (SHAPES, "CHANNELS", Channel),
        (SHAPES, "OUTCOMES", SAID),
        (SHAPES, "UNMET_REASONS", UnmetReason),
        (SHAPES, "DECLINE_REASONS", DeclineReason),
        (SHAPES, "STEP_KINDS", StepKind),
        (SHAPES, "STEP_RESULTS", StepResult),
        (SHAPES, "REFUSAL_REASONS", RefusalReason),
        (SHARED, "GROUPS", PartyGroup),
        (SHARED, "DRAW_STATES", DrawState),
        (SHARED, "PLAN_STATES", PlanState),
        (SHARED, "LEFT_REASONS", Left),
    ],
)
def test_the_page_knows_every_code_of_the_server(file: Path, name: str, codes: Iterable[StrEnum]) -> None:
    assert _listed(file, name) == {code.value for code in codes}


def test_the_page_knows_what_each_rule_may_be() -> None:
    found = re.search(r"export const BOUNDS = \[(.*?)\] as const;", RULES.read_text("utf-8"), re.DOTALL)
    assert found
    page = [(name, int(least), int(most)) for name, least, most in re.findall(r'\["(.+?)", (\d+), (\d+)\]', found[1])]
    tickets = (Tickets(Match(), 2),)
    policy = OrientationPolicy(
        weights=Weights(aging=0, stale=0),
        shelter_hold_ttl_s={UUID(int=1): 60},
        plan=PlanRules(floors=dict.fromkeys(PartyGroup, 1)),
        draw=DrawRules(tickets=tickets),
    )
    server = {field: (least, most) for field, _, least, most in _bounded(policy)}
    said = {field: next(bounds[1:] for bounds in page if field.startswith(bounds[0])) for field in server}
    assert said == server
