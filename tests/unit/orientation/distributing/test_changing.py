"""A plan is applied in its own night, or not at all."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.ids import new_id
from orientation.distributing.changing import Apply
from orientation.distributing.problems import PlanNightOver

NIGHT = date(2026, 2, 3)


def test_a_draft_of_last_night_is_not_applied_before_the_sweep_has_ended_it() -> None:
    plan: Any = SimpleNamespace(id=new_id(), night=NIGHT)
    apply = Apply(new_id(), new_id(), plan.id, b"apply")
    tonight: Any = SimpleNamespace(night=NIGHT)
    apply.check(plan, tonight)
    tomorrow: Any = SimpleNamespace(night=date(2026, 2, 4))
    with pytest.raises(PlanNightOver) as refused:
        apply.check(plan, tomorrow)
    assert (refused.value.status, refused.value.facts["night"]) == (409, "2026-02-03")
