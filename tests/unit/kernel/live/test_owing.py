"""What may be under way to a screen: bounded by its size and by its age, and by what the screen takes in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.live.owing import AGAIN_S, FIRST_BYTES, LEAST_BYTES, MOST_BYTES, PROMPT_S, Owing

KB = 1_024


def test_a_screen_that_owes_nothing_may_be_sent_a_frame_of_any_size() -> None:
    owing = Owing()
    assert not owing.is_full(1e9)
    owing.add((1, 100 * MOST_BYTES, 5.0))
    assert owing.is_full(5.0)
    owing.settle(1, 5.1)
    assert not owing.is_full(5.1)


def test_it_waits_when_a_frame_like_the_last_would_not_go_into_the_window() -> None:
    owing = Owing()
    for number in range(3):
        assert not owing.is_full(0.0)
        owing.add((number, FIRST_BYTES // 3, 0.0))
    assert owing.is_full(0.0)
    owing.settle(0, 0.0)
    assert not owing.is_full(0.0)


def test_a_board_that_nearly_fills_the_window_is_not_followed_by_another() -> None:
    owing = Owing()
    owing.add((1, FIRST_BYTES - KB, 0.0))
    assert owing.is_full(0.0)
    assert not owing.is_full(AGAIN_S), "but it may have been lost"
    owing.settle(1, 0.1)
    assert not owing.is_full(0.1)


def test_it_waits_when_what_it_owes_is_old_and_more_than_lies_before_any_screen() -> None:
    owing = Owing()
    owing.add((1, LEAST_BYTES - 20, 7.0))
    owing.add((2, 10, 7.2))
    assert not owing.is_full(7.2 + 10 * AGAIN_S)
    owing.add((3, 10, 7.2))
    assert not owing.is_full(7.0 + PROMPT_S)
    assert owing.is_full(7.01 + PROMPT_S)
    owing.settle(1, 7.4)
    assert not owing.is_full(7.4 + 10 * AGAIN_S)


def test_one_more_frame_goes_after_a_while_so_that_lost_ones_are_noticed_but_never_beyond_the_window() -> None:
    owing = Owing(first=4 * LEAST_BYTES)
    for number in range(4):
        sent_s = number * (AGAIN_S + 0.1)
        assert not owing.is_full(sent_s)
        owing.add((number, LEAST_BYTES, sent_s))
        assert owing.is_full(sent_s + PROMPT_S + 0.01)
    assert owing.is_full(1e9)
    owing.settle(3, 20.1)
    assert not owing.is_full(20.1)


@pytest.mark.parametrize(
    "told, ack, left",
    [
        ([1, 2, 3], 3, 0),
        ([1, 2, 3], 2, 1),
        ([1, 2, 3], 0, 3),
        ([5, 9], 7, 1),  # of a frame that is settled already, or a beat
        ([9, 5], 5, 0),  # another epoch began lower
        ([5, 5], 5, 0),  # another epoch brought the same number, and only the newest is acknowledged
        ([9, 5], 9, 1),
    ],
)
def test_an_ack_stands_for_what_was_sent_before_it(told: list[int], ack: int, left: int) -> None:
    owing = Owing()
    for to in told:
        owing.add((to, 10, 0.0))
    owing.settle(ack, 0.0)
    assert len(owing) == left


@pytest.mark.parametrize("rate", [20 * KB, 40 * KB, 400 * KB])
def test_a_screen_that_takes_so_much_a_second_comes_to_have_no_more_before_it(rate: int) -> None:
    """Frames of 2 KB are offered fifty times a second to one who reads at its own pace: what it reads is not old."""
    owing, now_s, read_until_s = Owing(), 0.0, 0.0
    lying: list[tuple[float, float, int]] = []
    ages: list[float] = []
    for tick in range(1_000):
        now_s = tick * 0.02
        while lying and lying[0][0] <= now_s:
            done_s, sent_s, to = lying.pop(0)
            owing.settle(to, now_s)
            ages.append(done_s - sent_s)
        if not owing.is_full(now_s):
            owing.add((tick, 2 * KB, now_s))
            read_until_s = max(read_until_s, now_s) + 2 * KB / rate
            lying.append((read_until_s, now_s, tick))
    assert max(ages[len(ages) // 4 :]) < 2 * PROMPT_S
    assert len(ages) * 2 * KB > 0.7 * min(rate, 100 * KB) * now_s, "and what it could take is used"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 200_000), st.floats(0.0, 2.0)), max_size=60))
def test_a_screen_that_acknowledges_the_newest_owes_nothing_and_never_waits_for_ever(
    sent: list[tuple[int, int, float]],
) -> None:
    owing, now_s = Owing(), 0.0
    for to, size, later_s in sent:
        owing.add((to, size, now_s))
        now_s += later_s
        if later_s > 1.0:
            owing.settle(to, now_s)
            assert (len(owing), owing.is_full(now_s)) == (0, False)
            assert LEAST_BYTES <= owing._window <= MOST_BYTES
