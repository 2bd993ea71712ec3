from __future__ import annotations

from dataclasses import replace

import pytest

from kernel.ids import new_id
from kernel.journal import Head
from kernel.live.mirror import Change, Fold, Mirror
from tests.unit.kernel.live.playing import History, body_of

A, B = new_id(), new_id()


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def mirror(history: History) -> Mirror:
    mirror = Mirror(history.region_id)
    mirror.replace(history.head(), ())
    return mirror


def test_ranges_continue_what_is_known_or_are_refused(mirror: Mirror, history: History) -> None:
    first = history.write([(A, body_of(A, 1))])
    second = history.write([(A, body_of(A, 2))])
    assert mirror.apply(second) is Fold.GAP
    assert mirror.apply(first) is Fold.APPLIED
    assert mirror.apply(first) is Fold.KNOWN
    assert mirror.apply(replace(second, epoch=new_id())) is Fold.OTHER
    assert mirror.apply(history.range(0, 2)) is Fold.APPLIED
    assert mirror.head == history.head()


def test_i6_a_board_that_lags_does_not_take_the_mirror_back(mirror: Mirror, history: History) -> None:
    old = history.write([(A, body_of(A, 1))])
    mirror.apply(old)
    mirror.apply(history.write([(A, body_of(A, 2))]))
    assert not mirror.replace(Head(history.epoch, 1), old.subjects)
    assert mirror.head == history.head()


def test_a_newer_board_is_told_as_changes_not_as_a_new_beginning(mirror: Mirror, history: History) -> None:
    mirror.apply(history.write([(A, body_of(A, 1))]))
    told: list[Change] = []
    mirror.listen(told.append)
    before = mirror.get(A)
    history.write([(A, body_of(A, 2)), (B, body_of(B, 1))])
    assert mirror.replace(history.head(), history.board().values())
    assert told == [Change({A: before, B: None})]


def test_since_yields_what_changed_newest_first(mirror: Mirror, history: History) -> None:
    mirror.apply(history.write([(A, body_of(A, 1)), (B, body_of(B, 1))]))
    mirror.apply(history.write([(A, body_of(A, 2))]))
    assert [subject.id for subject in mirror.since(0)] == [A, B]
    assert [subject.id for subject in mirror.since(2)] == [A]
    assert list(mirror.since(3)) == []


def test_i6_redis_cannot_change_the_epoch_while_postgres_answers(mirror: Mirror, history: History) -> None:
    mirror.authorise(history.epoch)
    other = Head(new_id(), 100)
    assert not mirror.replace(other, ())
    mirror._epoch_until = 0.0
    assert mirror.replace(other, ())
    assert mirror.head == other


@pytest.mark.parametrize(
    "following, behind, journal, source",
    [
        (True, False, True, "redis"),
        (True, False, False, "redis"),
        (True, True, True, "journal"),
        (True, True, False, "redis"),
        (False, False, True, "journal"),
        (False, False, False, "lost"),
    ],
)
def test_the_source_is_what_news_can_come_from(
    mirror: Mirror, following: bool, behind: bool, journal: bool, source: str
) -> None:
    mirror.feed(following=following, redis_behind=behind, journal=journal)
    assert mirror.source == source
