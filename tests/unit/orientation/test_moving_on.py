"""Who must move: the newest promise first, the oldest last, and no more than must."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from orientation.moving_on import MustMove, Promise, Why, must_move

_BEGAN = datetime(2026, 3, 10, 20, tzinfo=UTC)
_HERE, _THERE = UUID(int=1), UUID(int=2)


def _promise(number: int, places: int = 1, unit: UUID = _HERE, **facts: object) -> Promise:
    promise = Promise(UUID(int=100 + number), unit, places, _BEGAN + timedelta(minutes=number), False, 0, 0)
    return replace(promise, **facts)  # type: ignore[arg-type]


def _numbers(moves: list[MustMove]) -> list[int]:
    return [one.id.int - 100 for one in moves]


def test_of_a_closed_unit_everybody_moves() -> None:
    moves = must_move(_promise(number, closed=True, free=5, held=3) for number in range(3))
    assert _numbers(moves) == [2, 1, 0]
    assert {one.why for one in moves} == {Why.CLOSED}


def test_of_an_overcommitted_unit_as_many_move_as_must() -> None:
    promises = [_promise(number, places, free=3, held=6) for number, places in enumerate((2, 1, 1, 2))]
    moves = must_move(promises)
    # Three places too many: the newest has two of them, the one before the third.
    assert (_numbers(moves), {one.why for one in moves}) == ([3, 2], {Why.OVERCOMMITTED})
    assert must_move(replace(one, free=6) for one in promises) == []


def test_i11_of_a_secret_unit_all_are_named_since_how_many_must_would_tell_what_is_free() -> None:
    promises = [_promise(number, free=2, held=3, masked=True) for number in range(3)]
    assert _numbers(must_move(promises)) == [2, 1, 0]


_UNITS = st.tuples(st.lists(st.integers(1, 4), max_size=6), st.integers(0, 12), st.booleans())


@given(st.tuples(_UNITS, _UNITS))
def test_what_stays_fits_and_nobody_moves_without_need(units: tuple[tuple[list[int], int, bool], ...]) -> None:
    promises = [
        _promise(10 * where + number, places, unit, closed=closed, free=free, held=sum(party))
        for where, (unit, (party, free, closed)) in enumerate(zip((_HERE, _THERE), units, strict=True))
        for number, places in enumerate(party)
    ]
    moves = must_move(promises)
    going = {one.id for one in moves}
    when = [promise.held_at for one in moves for promise in promises if promise.id == one.id]
    assert when == sorted(when, reverse=True)
    for unit in (_HERE, _THERE):
        those = [one for one in promises if one.unit_id == unit]
        leave = [one for one in those if one.id in going]
        if not those or those[0].closed:
            assert leave == those
            continue
        stays = sum(one.places for one in those) - sum(one.places for one in leave)
        assert stays <= those[0].free or not leave
        assert (sum(one.places for one in those) <= those[0].free) == (not leave)
        if leave:
            # Without the oldest of them it would not be enough.
            assert stays + min(leave, key=lambda one: one.held_at).places > those[0].free
            assert all(
                one.held_at < min(leave, key=lambda one: one.held_at).held_at for one in those if one not in leave
            )
