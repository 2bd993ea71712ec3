"""What each rule does with one evening that can be read in a line: who calls when, and what comes free when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from halte.backtest.asking import Asker
from halte.backtest.assuming import Assumptions, instant
from halte.backtest.board import Board
from halte.backtest.deciding import ByPhone, Waiting
from halte.backtest.freeing import Standing
from halte.backtest.playing import Played, Script, play
from halte.backtest.reading import Month, read_month
from halte.backtest.running import desks
from orientation.model.household import Age, Gender, Household, Member, Relation, Urgency
from orientation.model.policy import OrientationPolicy
from tests.support.intake import FIRST, write_month

DAY, NEXT = date(2024, 1, 2), date(2024, 1, 3)
MAN = Member(Age.ADULT, Gender.MAN, Relation.SELF)
CHILD = Member(Age.CHILD, Gender.UNSAID, Relation.CHILD)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return read_month(write_month(tmp_path_factory.mktemp("invented"), nights=1), FIRST, None, 1, 1)


def _unit(board: Board, programme: int) -> UUID:
    units = [unit for shelter in board.shelters.values() for unit in shelter.units]
    return next(unit.id for unit in units if unit.name == f"Programme {programme}")


def _asker(n: int, *minutes: float, urgent: bool = False, party: Sequence[Member] = (MAN,)) -> Asker:
    urgency = (Urgency.VIOLENCE,) if urgent else ()
    asks = tuple(instant(day, minute) for day, minute in zip((DAY, NEXT), minutes, strict=False))
    return Asker(UUID(int=n), Household(tuple(party), urgency=urgency), 0, asks, goes_on=False)


def _play(month: Month, rule: str, askers: Sequence[Asker], *standings: Standing, programme: int = 1) -> Played:
    board = Board(month)
    unit = _unit(board, programme)
    evenings = tuple({unit: standing} for standing in standings)
    script = Script((DAY, NEXT)[: len(standings)], tuple(askers), evenings, 1)
    return play(script, board, desks(Assumptions(every_min=60, draw_at_min=300))[rule], OrientationPolicy())


def _placed(played: Played) -> dict[int, float]:
    """Return the numbers of those who were placed, and the minute of the evening."""
    return {id.int: (one.at - instant(one.at.date(), 0)).total_seconds() / 60 for id, one in played.placed.items()}


ONE_FREE = Standing(1, 1, 0, (0.0,))
ONE_COMES_FREE = Standing(0, 0, 1, (200.0,))
THREE = (_asker(1, 100), _asker(2, 130, urgent=True), _asker(3, 250))


@pytest.mark.parametrize(
    "rule, standing, placed",
    [
        ("by phone", ONE_FREE, {1: 100}),
        # Nobody is kept: the place goes to whoever calls next.
        ("by phone", ONE_COMES_FREE, {3: 250}),
        ("first come", ONE_FREE, {1: 100}),
        ("first come", ONE_COMES_FREE, {1: 200}),
        # Who comes first by the rules is served first, but nobody before the next moment.
        ("Halte's plan", ONE_FREE, {1: 120}),
        ("Halte's plan", ONE_COMES_FREE, {2: 240}),
    ],
)
def test_who_gets_the_one_place(month: Month, rule: str, standing: Standing, placed: dict[int, float]) -> None:
    played = _play(month, rule, THREE, standing)
    assert _placed(played) == placed
    assert [asker.id.int for asker in played.unmet] == [n for n in (1, 2, 3) if n not in placed]
    assert len(played.refusals) == 2


def test_the_draw_gives_nothing_before_its_moment_and_late_ones_come_after(month: Month) -> None:
    late = _asker(4, 310)
    early = _play(month, "the draw", (*THREE, late), ONE_FREE)
    assert list(_placed(early).values()) == [300]
    assert 4 not in _placed(early)
    assert _placed(_play(month, "the draw", (late,), ONE_FREE)) == {4: 310}


def test_what_is_given_more_than_the_file_gave_lacks_the_next_evening(month: Month) -> None:
    """The file left one place empty on both evenings: it is one place, and whoever got it is still in it."""
    askers = (_asker(1, 100), _asker(2, 110, 110))
    played = _play(month, "first come", askers, ONE_FREE, ONE_FREE)
    assert _placed(played) == {1: 100}
    assert [asker.id.int for asker in played.unmet] == [2]
    # Given to nobody, it is there again.
    assert _placed(_play(month, "first come", (_asker(2, 110),), ONE_COMES_FREE)) == {2: 200}
    kept = _play(month, "by phone", (_asker(2, 110, 110),), ONE_COMES_FREE, Standing(0, 0, 0, ()))
    assert _placed(kept) == {2: 110}


def test_a_family_goes_into_one_room_or_nowhere(month: Month) -> None:
    four, five = ((MAN, *[CHILD] * n) for n in (3, 4))
    two_rooms = replace(ONE_FREE, left=2, before=2, minutes=(0.0, 0.0))
    for rule in desks(Assumptions()):
        played = _play(month, rule, [_asker(5, 10, party=five), _asker(4, 20, party=four)], two_rooms, programme=4)
        assert set(_placed(played)) == {4}
    desk = ByPhone(Board(month), OrientationPolicy(), DAY, 1)
    room = _unit(desk.board, 4)
    desk.board.open({room: 2})
    asker = _asker(5, 10, party=five)
    with pytest.raises(ValueError, match="no room for all of them"):
        desk.hold(Waiting(asker, asker.asks[0], turned_away=False), room, asker.asks[0])
