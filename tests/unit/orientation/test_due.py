"""What time alone does to a request, and how a night is counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from inventory.model.unit import Regime
from kernel.ids import new_id
from orientation.model.counts import PartyGroup, group_of
from orientation.model.household import Age, Gender, Household, Member, Relation
from orientation.model.request import Channel, Due, Outcome, Request, RequestState, due

NOON = datetime(2026, 3, 10, 11, tzinfo=UTC)
MAN = Member(Age.ADULT, Gender.MAN, Relation.SELF)
CHILD = Member(Age.CHILD, Gender.UNSAID, Relation.CHILD)
H = timedelta(hours=1)
WAITS = Request(
    id=new_id(), region_id=new_id(), code="K47-M3", night=date(2026, 3, 10), regime=Regime.NIGHT,
    channel=Channel.PHONE, household=Household((MAN,)), asked_at=NOON + H, refreshed_at=NOON + H,
    expires_at=NOON + 7 * H, actor_id=new_id(), body_hash=b"",
)  # fmt: skip
HELD = replace(WAITS, state=RequestState.HELD, placement_id=new_id())
ADMISSION = replace(WAITS, regime=Regime.ADMISSION, expires_at=NOON + 720 * H)
PAUSED = replace(ADMISSION, paused_until=NOON + 5 * H)
CLOSED = replace(WAITS, state=RequestState.CLOSED, outcome=Outcome.WITHDRAWN, closed_at=NOON + 2 * H)


@pytest.mark.parametrize(
    "request_, hours, noon, task",
    [
        (WAITS, 6.9, 0, None),
        (WAITS, 7, 0, Due.EXPIRE),
        (WAITS, 24, 24, Due.CLOSE_OUT),
        (replace(WAITS, refreshed_at=NOON + 24 * H), 24, 24, Due.EXPIRE),
        (HELD, 23.9, 0, None),
        (HELD, 24, 24, Due.CLOSE_OUT),
        (ADMISSION, 48, 48, None),
        (ADMISSION, 720, 720, Due.EXPIRE),
        (PAUSED, 4.9, 0, None),
        (PAUSED, 5, 0, Due.RESUME),
        (CLOSED, 13.9, 0, None),
        (CLOSED, 14, 0, Due.GO),
        (CLOSED, 24, 24, Due.GO),
        (replace(CLOSED, gone=True), 48, 48, None),
    ],
)
def test_what_is_due(request_: Request, hours: float, noon: int, task: Due | None) -> None:
    assert due(request_, NOON + hours * H, NOON + noon * H) == task


def test_the_end_of_the_night_waits_for_a_promise_that_still_runs() -> None:
    for hours, task in ((24, None), (25.9, None), (26, Due.CLOSE_OUT)):
        assert due(HELD, NOON + hours * H, NOON + 24 * H, held_until=NOON + 26 * H) == task


@pytest.mark.parametrize(
    "party, group",
    [
        ((MAN,), PartyGroup.MAN),
        ((replace(MAN, gender=Gender.WOMAN),), PartyGroup.WOMAN),
        ((replace(MAN, gender=Gender.UNSAID),), PartyGroup.PERSON),
        ((MAN, replace(MAN, relation=Relation.FRIEND)), PartyGroup.ADULTS),
        ((MAN, CHILD), PartyGroup.FAMILY),
        ((replace(CHILD, relation=Relation.SELF),), PartyGroup.MINORS),
    ],
)
def test_a_household_is_counted_in_one_group(party: tuple[Member, ...], group: PartyGroup) -> None:
    assert group_of(Household(party)) is group
