from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.ids import new_id
from kernel.journal import Head
from kernel.live.mirror import Change, Fold, Mirror
from tests.unit.kernel.live.playing import NOTE, History, body_of, note_of

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
    """And while it does not, only to a newer one: an old dump of Redis must not bring back what was given up."""
    mirror.authorise(history.epoch)
    older, newer = (Head(UUID(int=history.epoch.int + step), 100) for step in (-(1 << 80), 1 << 80))
    for other in (older, newer):
        assert not mirror.replace(other, ())
    mirror._epoch_until = 0.0
    assert not mirror.replace(older, ())
    assert mirror.replace(newer, ())
    assert mirror.head == newer
    mirror.authorise(history.epoch)
    assert mirror.replace(history.head(), ())


def test_a_board_put_in_place_by_force_corrects_what_stands_under_the_same_numbers(
    mirror: Mirror, history: History
) -> None:
    mirror.apply(history.write([(A, body_of(A, 1)), (B, body_of(B, 1))]))
    read, right = history.head(), history.board()
    told: list[Change] = []
    mirror.listen(told.append)
    mirror.correct(read, list(right.values()))
    assert told == []
    mirror._subjects[A] = replace(right[A], body=body_of(A, 9))
    later = history.write([(B, body_of(B, 2))])
    mirror.apply(later)
    mirror.correct(read, list(right.values()))
    assert mirror.head == history.head()
    assert {s.id: s for s in mirror.subjects()} == history.board()
    assert [change.renewed for change in told] == [False, True]
    phantom = new_id()
    mirror._subjects[phantom] = replace(right[A], id=phantom)
    mirror.correct(history.head(), list(history.board().values()))
    assert mirror.get(phantom) is None
    history.write([(A, body_of(A, 5))])
    mirror.correct(history.head(), list(history.board().values()))
    assert [change.renewed for change in told] == [False, True, True, False]
    assert mirror.head == history.head()


def test_i7_who_slept_through_an_end_and_its_purge_learns_it_from_the_board(history: History) -> None:
    """The tombstone is nowhere but in the journal, and a mirror this far behind does not read that."""
    mirror = Mirror(history.region_id, passing=[NOTE])
    mirror.replace(history.head(), ())
    mirror.apply(history.write([(A, note_of(A, 1, "in"))], NOTE))
    told: list[Change] = []
    mirror.listen(told.append)
    known = mirror.get(A)
    history.write([(A, None)], NOTE)
    history.write([(B, body_of(B, 1))])
    history.purge()
    assert mirror.replace(history.head(), history.board().values())
    assert known is not None
    assert (mirror.get(A), told) == (None, [Change({B: None}, dropped=(known,))])


def test_a_board_put_in_place_by_force_may_lack_what_is_gone_or_have_what_was_dropped(history: History) -> None:
    mirror = Mirror(history.region_id, passing=[NOTE])
    mirror.replace(history.head(), ())
    for id in (A, B):
        mirror.apply(history.write([(id, note_of(id, 1, "in"))], NOTE))
        mirror.apply(history.write([(id, None)], NOTE))
    before = list(history.board().values())
    told: list[Change] = []
    mirror.listen(told.append)
    history.purge()
    mirror.correct(history.head(), list(history.board().values()))
    mirror.drop(before)
    mirror.correct(history.head(), before)
    assert [change.renewed for change in told] == [False]
    mirror.correct(history.head(), [replace(before[1], gone=False)])
    assert [change.renewed for change in told] == [False, True], "one that is not gone is another matter"


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
