"""What may be under way to a screen: bounded by its size and by its age, and by what the screen takes in time."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.live.owing import AGAIN_S, FIRST_BYTES, LEAST_BYTES, LITTLE_S, MOST_BYTES, PROMPT_S, STEP_BYTES, Owing

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
    assert not owing.is_full(7.0 + LITTLE_S)
    assert owing.is_full(7.01 + LITTLE_S)
    owing.add((3, 10, 7.2))
    assert not owing.is_full(7.0 + PROMPT_S)
    assert owing.is_full(7.01 + PROMPT_S)
    owing.settle(1, 7.4)
    assert not owing.is_full(7.2 + LITTLE_S)
    assert owing.is_full(7.21 + LITTLE_S)


def test_late_acknowledgements_of_little_do_not_narrow_the_window() -> None:
    owing = Owing()
    for number in range(20):
        owing.add((number, 300, float(number)))
        owing.settle(number, number + 2 * PROMPT_S)
    assert owing._window == FIRST_BYTES
    owing.add((20, LEAST_BYTES, 20.0))
    owing.settle(20, 20.0 + 2 * PROMPT_S)
    assert owing._window == FIRST_BYTES // 2


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
        if not owing.refuses(now_s):
            owing.add((tick, 2 * KB, now_s))
            read_until_s = max(read_until_s, now_s) + 2 * KB / rate
            lying.append((read_until_s, now_s, tick))
    assert max(ages[len(ages) // 4 :]) < 2 * PROMPT_S
    assert len(ages) * 2 * KB > 0.7 * min(rate, 100 * KB) * now_s, "and what it could take is used"


def test_a_window_that_is_not_in_the_way_does_not_grow() -> None:
    owing = Owing()
    for number in range(100):
        owing.add((number, FIRST_BYTES - KB, float(number)))
        owing.settle(number, float(number))
    owing.add((100, FIRST_BYTES - KB, 100.0))
    assert owing.refuses(100.0), "it has no room for a second board, if the line becomes slow now"
    owing.settle(100, 100.1)
    assert owing._window == FIRST_BYTES + STEP_BYTES


@dataclass
class Page:
    """Acknowledges as frontend/src/live/socket.ts does; `due_s` is when it does so if nothing more comes."""

    acked_s: float = -1.0
    unacked: int = 0
    due_s: float = inf

    def takes(self, size: int, now_s: float) -> bool:
        self.unacked += size
        since, little = now_s - self.acked_s, self.unacked < 4_096
        self.due_s = now_s + 0.12 if little else self.acked_s + 0.12
        return size >= 8_192 or self.unacked >= 24_576 or since >= (0.36 if little else 0.12)

    def acknowledges(self, now_s: float) -> None:
        self.acked_s, self.unacked, self.due_s = now_s, 0, inf


@pytest.mark.parametrize("window", [LEAST_BYTES, FIRST_BYTES])
@pytest.mark.parametrize("way_s", [0.0, 0.025, 0.1])
@pytest.mark.parametrize("size, tick_s", [(300, 0.2), (300, 0.025), (3_000, 0.1), (5_000, 0.02), (20_000, 0.1)])
def test_a_page_on_a_fast_line_is_hardly_ever_waited_for(window: int, way_s: float, size: int, tick_s: float) -> None:
    """However far away it is: the time that its acknowledgements are put off is not held against it for ever."""
    owing, page = Owing(first=window), Page()
    coming: list[tuple[float, int]] = []
    acks: list[tuple[float, int]] = []
    offered, refused, newest = 0, 0, 0
    for now_s in (step * 0.005 for step in range(6_000)):
        while coming and coming[0][0] <= now_s:
            newest = coming.pop(0)[1]
            if page.takes(size, now_s):
                page.due_s = now_s
        if page.due_s <= now_s:
            acks.append((now_s + way_s, newest))
            page.acknowledges(now_s)
        while acks and acks[0][0] <= now_s:
            owing.settle(acks.pop(0)[1], now_s)
        if now_s < offered * tick_s:
            continue
        offered += 1
        if owing.refuses(now_s):
            refused += now_s > 20.0
        else:
            owing.add((offered, size, now_s))
            coming.append((now_s + way_s, offered))
    assert refused <= 0.05 * offered
    assert owing._window >= window


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
