"""Matching against the naive reference on random boards, behind the mask, and after random histories."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.bodies import ShelterBody, UnitBody
from inventory.model.audience import Audience, band, project
from inventory.model.state import available
from inventory.model.unit import Regime
from kernel.journal import Head, Range, Subject
from kernel.live.mirror import Fold, Mirror
from orientation.matching.board import MatchingBoard
from orientation.matching.columns import Columns
from orientation.matching.context import Context
from orientation.matching.ranking import Ranking, rank
from orientation.matching.reasons import Ask, Blocker, Term
from orientation.model.household import Age, Gender, Household, Member, Needs, Relation
from orientation.model.policy import OrientationPolicy
from tests.support.boards import (
    NOW,
    POINTS,
    ZONE,
    Chance,
    Estate,
    random_context,
    random_estate,
    random_household,
    random_policy,
    random_shelter,
    random_state,
    subject,
)
from tests.support.naive_matching import Question, Verdict, best_first, naive_verdicts, near_first

REGION, EPOCH = UUID(int=1), UUID(int=2)
seeds = st.integers(0, 2**64).map(Chance)


def board_of(estate: Estate) -> MatchingBoard:
    mirror = Mirror(REGION)
    mirror.replace(Head(EPOCH, 1), [*(subject(one, 1) for one in estate[0]), *(subject(one, 1) for one in estate[1])])
    board = MatchingBoard(mirror)
    board.place(POINTS)
    return board


def question_of(chance: Chance, estate: Estate) -> Question:
    household, context = random_household(chance, estate), random_context(chance, estate)
    return Question(household, context, random_policy(chance), NOW, POINTS)


def ranked(board: MatchingBoard, question: Question, limit: int = 50) -> Ranking:
    return rank(board.columns, question.household, question.context, question.policy, question.now, limit)


def judged(estate: Estate, question: Question) -> list[Verdict]:
    """Judge what the desk is shown, and nothing else."""
    shelters, units = ([_shown(body) for body in bodies] for bodies in estate)
    return naive_verdicts(shelters, {unit["id"]: unit for unit in units}, question)


def _shown(body: ShelterBody | UnitBody) -> dict[str, Any]:
    kind = "unit" if isinstance(body, UnitBody) else "shelter"
    found: dict[str, Any] = msgspec.json.decode(project(kind, msgspec.json.encode(body), Audience()) or b"")
    return found


@given(seeds)
@settings(max_examples=300, deadline=None)
def test_it_agrees_with_the_naive_reference(chance: Chance) -> None:
    estate = random_estate(chance)
    board = board_of(estate)
    for _ in range(4):
        question = question_of(chance, estate)
        verdicts, ranking = judged(estate, question), ranked(board, question)
        assert [
            (str(one.unit), one.score, {term.term: term.points for term in one.terms}, {ask.code for ask in one.asks})
            for one in ranking.suggestions
        ] == [(one.unit, one.score, one.terms, one.asks) for one in best_first(verdicts)]
        assert [(str(one.unit), one.blocker.code) for one in ranking.near_misses()] == [
            (one.unit, *one.blockers) for one in near_first(verdicts)
        ]
        assert {str(one.unit): {reason.code for reason in one.blockers} for one in ranking.blocked_units()} == {
            one.unit: one.blockers for one in verdicts if one.blockers
        }
        assert ranking.fits + ranking.blocked == len(verdicts)
        assert ranking.near == len(near_first(verdicts))


def test_the_random_boards_meet_every_code_there_is() -> None:
    """Whatever is in no board is compared with nothing."""
    blockers, asks, terms = set[str](), set[str](), set[str]()
    for seed in range(200):
        chance = Chance(seed)
        estate = random_estate(chance)
        for verdict in judged(estate, question_of(chance, estate)):
            blockers |= verdict.blockers
            asks |= verdict.asks if not verdict.blockers else set()
            terms |= verdict.terms.keys() if not verdict.blockers else set()
    assert (blockers, asks, terms) == (set(Blocker), set(Ask), set(Term))


@given(seeds, st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_terms_sum_to_the_score_and_less_of_a_list_is_its_beginning(chance: Chance, limit: int) -> None:
    estate = random_estate(chance, 20)
    board, question = board_of(estate), question_of(chance, estate)
    everything, some = ranked(board, question, 1_000), ranked(board, question, limit)
    assert all(one.score == sum(term.points for term in one.terms) for one in everything.suggestions)
    assert some.suggestions == everything.suggestions[:limit]
    assert some.near_misses(limit) == everything.near_misses(1_000)[:limit]


@given(seeds)
@settings(max_examples=200, deadline=None)
def test_i11_numbers_within_a_band_leave_no_trace(chance: Chance) -> None:
    shelters, units = random_estate(chance)
    others = [_alike(chance, unit) if unit.secret else unit for unit in units]
    question = question_of(chance, (shelters, units))
    answers = [
        [msgspec.json.encode(part) for part in (found.suggestions, found.near_misses(), list(found.blocked_units()))]
        for found in (ranked(board_of((shelters, said)), question) for said in (units, others))
    ]
    assert answers[0] == answers[1]
    secret = {unit.id for unit in units if unit.secret}
    assert all(
        one.available is None for one in ranked(board_of((shelters, units)), question).suggestions if one.unit in secret
    )


def _alike(chance: Chance, unit: UnitBody) -> UnitBody:
    """Return the unit with other numbers that a desk cannot tell from those it has."""
    while True:
        other = msgspec.structs.replace(unit, free=chance.randint(0, 9), held=chance.randint(0, 9), capacity=9)
        if len({band(available(one.holdable, one.free, one.held)) for one in (unit, other)}) == 1:
            return other


def content(columns: Columns) -> dict[UUID, dict[str, Any]]:
    """Return the rows by unit, names in the place of their numbers."""
    names: dict[str, list[Any]] = {
        "shelter": list(columns.shelters),
        "commune": list(columns.communes),
        "speech": list(columns.speeches),
    }
    order = columns.order()
    found = {}
    for unit_id, row in columns.rows.items():
        values: dict[str, Any] = {name: column[row].item() for name, column in _arrays(columns)}
        values |= {name: given[values[name]] for name, given in names.items()}
        found[unit_id] = values | {"seen": columns.seen[row], "order": int(order[row])}
    assert len(found) == len(columns) == len(columns.standing)
    return found


def _arrays(columns: Columns) -> list[tuple[str, np.ndarray[Any, Any]]]:
    return [
        (name, one)
        for name, one in vars(columns).items()
        if isinstance(one, np.ndarray) and one.shape == (len(columns),)
    ]


@given(seeds)
@settings(max_examples=150, deadline=None)
def test_columns_after_a_random_history_are_those_built_afresh(chance: Chance) -> None:
    # Few houses for few units, so that they change hands, and two name the same one for a while.
    houses, unit_ids = [chance.id() for _ in range(3)], [chance.id() for _ in range(6)]
    mirror, seq, epoch = Mirror(REGION), 1, 1
    mirror.replace(Head(UUID(int=epoch), seq), [])
    board = MatchingBoard(mirror)
    for _ in range(chance.randint(1, 40)):
        if chance.one_in(8):
            board.place(POINTS if chance.one_in(2) else {})
        if chance.one_in(20):
            epoch += 1
            mirror.authorise(UUID(int=epoch))
            mirror.replace(Head(UUID(int=epoch), seq), [one for one in mirror.subjects() if not chance.one_in(3)])
        changes = {one.id: one for one in (_change(chance, houses, unit_ids, seq + step) for step in range(1, 4))}
        assert mirror.apply(Range(REGION, UUID(int=epoch), seq, seq + 3, tuple(changes.values()))) is Fold.APPLIED
        seq += 3
    board.place(POINTS)
    fresh = MatchingBoard(mirror)
    fresh.place(POINTS)
    assert content(board.columns) == content(fresh.columns)
    assert (board.columns.having == fresh.columns.having).all()


def _change(chance: Chance, houses: list[UUID], unit_ids: list[UUID], seq: int) -> Subject:
    """Define a shelter anew with some of the units, or give a unit a state, or take either away."""
    gone, shelter = chance.one_in(6), random_shelter(chance, chance.choice(houses), chance.some(unit_ids, 3))
    if chance.one_in(2):
        return subject(shelter, seq, gone=gone)
    return subject(random_state(chance, chance.choice(unit_ids), shelter), seq, gone=gone)


def test_a_body_that_cannot_be_read_hides_its_unit_and_no_other() -> None:
    chance = Chance(3)
    estate = random_estate(chance)
    board = board_of(estate)
    broken, rows = estate[1][0].id, len(board.columns)
    mirror = board._mirror
    mirror.apply(Range(REGION, EPOCH, 1, 2, (Subject("unit", broken, 2, 2, gone=False, body=b'{"id":1}'),)))
    assert (broken in board.columns.rows, len(board.columns)) == (False, rows - 1)
    mirror.apply(Range(REGION, EPOCH, 2, 3, (subject(estate[1][0], 3),)))
    assert (broken in board.columns.rows, len(board.columns)) == (True, rows)


@pytest.mark.parametrize("near", [None, "99999"])
def test_where_nobody_knows_how_far_it_is_nothing_is_said_of_it(near: str | None) -> None:
    man = Household((Member(Age.ADULT, Gender.MAN, Relation.SELF),), Needs(near=near))
    columns = board_of(random_estate(Chance(4), 40)).columns
    ranking = rank(columns, man, Context(Regime.NIGHT, ZONE), OrientationPolicy(), NOW)
    assert ranking.suggestions
    assert {one.distance_km for one in ranking.suggestions} == {None}
