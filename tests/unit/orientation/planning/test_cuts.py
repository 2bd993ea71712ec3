"""Cuts of a shared unit: no parties that fit break one, none says what another says better, and they are sharp."""

from __future__ import annotations

import pytest

from orientation.planning.pricing import Cuts, cuts_for

_MOST = 8


def _fullest(cuts: Cuts, at: int, capacity: int) -> int:
    """Return the most parts that parties have which fit into so many places together."""
    parts = cuts.parts[at].tolist()
    best = [0] * (capacity + 1)
    for places in range(1, capacity + 1):
        best[places] = max(parts[size] + best[places - size] for size in range(1, min(places, _MOST) + 1))
    return max(best)


@pytest.mark.parametrize("capacity", range(1, 61))
def test_no_parties_that_fit_break_a_cut_and_some_reach_it(capacity: int) -> None:
    cuts = cuts_for(capacity, _MOST)
    for at, limit in enumerate(cuts.limit.tolist()):
        assert _fullest(cuts, at, capacity) == limit


@pytest.mark.parametrize("capacity", range(1, 61))
def test_no_cut_says_what_another_or_the_capacity_says_better(capacity: int) -> None:
    cuts = cuts_for(capacity, _MOST)
    said = [(cuts.parts[at, : capacity + 1] / limit).tolist() for at, limit in enumerate(cuts.limit.tolist())]
    for one in said:
        assert any(share > size / capacity for size, share in enumerate(one))
        assert not any(other is not one and all(a <= b for a, b in zip(one, other, strict=True)) for other in said)
    assert len(set(cuts.of.tolist())) == len(said)


def test_four_places_are_one_family_of_three_or_two_of_two_and_not_one_of_three_and_half_a_two() -> None:
    cuts = cuts_for(4, _MOST)
    (parts,) = cuts.parts[:, :5].tolist()
    assert parts == [0, 0, 2, 4, 4]
    assert cuts.limit.tolist() == [4]
