"""Is there an assignment of at most so much? Decided exactly, depth first, by fixing what the knapsacks rule out.

A pair that is in no such assignment goes, a job with one pair left takes it, and what remains is smaller and proves
more. Where that ends, whatever an agent may still take together is listed. Where that is too much to list, one job is
tried with each of its agents: the job that costs most whoever takes it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from orientation.assigning.assignment import TOLERANCE, Assignment, Numbers, Places
from orientation.assigning.choosing import Chosen, choose
from orientation.assigning.loads import list_loads
from orientation.assigning.packing import Knapsacks, Packed
from orientation.assigning.pricing import price

# Turns of the prices before what is ruled out is ruled out: few, because what is left is priced again, and smaller.
_TURNS = 4
# How far a turn goes: a little beyond where the bound would rule everything out if it rose as steeply all along.
_STRIDE = 1.5
# Ruled out again at once, while no more than this part of the pairs stays.
_WORTH_IT = 0.9
# Loads that are listed at most, where the question is a large one and where it is not.
_MOST_LOADS = 300_000
_MOST_LOADS_SOON = 20_000
# Listed again only where pairs are fewer by so much than where it was too much.
_FEWER = 0.8
# Of agents that take more jobs than that, there are too many loads for too long: trying costs what it would save.
_JOBS_EACH = 12


@dataclass(frozen=True, slots=True)
class Decided:
    """`pair` of every job where there is an assignment; `sure`: without one, there is none (else time was up)."""

    pair: Places | None
    sure: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """What is left to assign, and of what: `pairs` are the pairs as they were named at first, `taken` is fixed."""

    assignment: Assignment
    prices: Numbers
    most: float
    pairs: Places
    taken: Places


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """`least` is a bound for each pair of what is left; `solved` are the pairs that the knapsacks agree on."""

    part: _Part
    least: Numbers
    solved: Places | None


def decide(assignment: Assignment, prices: Numbers, most: float, until: float, *, thoroughly: bool = True) -> Decided:
    """Look for an assignment that costs at most `most`; good prices make it quick, no prices make it wrong.

    `thoroughly`: prices are looked for anew first, which is worth it where the question is a large one.
    """
    listing = _Listing(_MOST_LOADS if thoroughly else _MOST_LOADS_SOON)
    whole = _Part(assignment, prices, most, np.arange(assignment.pairs), np.zeros(0, dtype=np.int64))
    # A part, and the pair that is to be taken of it: it is narrowed only when its turn comes.
    waiting: list[tuple[_Part, int | None]] = [(_priced(whole, until) if thoroughly else whole, None)]
    while waiting:
        if time.monotonic() >= until:
            return Decided(None, sure=False)
        part, pair = waiting.pop()
        smaller = part if pair is None else _taking(part, pair)
        narrowed = None if smaller is None else _narrow(smaller)
        if narrowed is None:
            continue
        if narrowed.solved is not None:
            return Decided(_by_job(assignment, narrowed.solved), sure=True)
        chosen = listing.choose(narrowed.part, until)
        if chosen is None:
            waiting.extend((narrowed.part, pair) for pair in _branches(narrowed))
        elif chosen.pairs is not None or not chosen.sure:
            return _decided(assignment, narrowed.part, chosen)
    return Decided(None, sure=True)


class _Listing:
    """Lists loads where it is worth trying: where it was too much it is tried again only with less."""

    def __init__(self, most_loads: int) -> None:
        self.most_loads = most_loads
        self.too_many = float("inf")

    def choose(self, part: _Part, until: float) -> Chosen | None:
        """Choose among the loads of what is left; None where they are too many."""
        left = part.assignment
        agents = len(np.unique(left.agent))
        if left.pairs > _FEWER * self.too_many or left.jobs > _JOBS_EACH * agents:
            return None
        knapsacks = Knapsacks(left)
        slack = part.most - knapsacks.pack(part.prices).bound
        loads = list_loads(knapsacks, part.prices, slack, self.most_loads, until)
        if loads is None:
            self.too_many = left.pairs
            return None
        return choose(loads, part.prices, part.most, until)


def _decided(assignment: Assignment, part: _Part, chosen: Chosen) -> Decided:
    if chosen.pairs is None:
        return Decided(None, sure=False)
    return Decided(_by_job(assignment, np.concatenate([part.taken, part.pairs[chosen.pairs]])), sure=True)


def _priced(part: _Part, until: float) -> _Part:
    """Price what a first look leaves: prices that prove most for the whole are not those that do for what matters."""
    narrowed = _narrow(part)
    if narrowed is None or not narrowed.part.assignment.jobs:
        return part
    left = narrowed.part
    return replace(left, prices=price(Knapsacks(left.assignment), left.prices, left.most, until).prices)


def _narrow(part: _Part) -> _Narrowed | None:
    """Rule out what can be ruled out; None where nothing is left."""
    while part.assignment.jobs:
        knapsacks = Knapsacks(part.assignment)
        prices, packed = _turn(knapsacks, part)
        if packed.bound > part.most + TOLERANCE:
            return None
        if _may_be(part.assignment, packed, part.most):
            return _Narrowed(part, np.zeros(0), np.concatenate([part.taken, part.pairs[packed.taken]]))
        least = knapsacks.least(prices, packed)
        within = np.flatnonzero(least <= part.most + TOLERANCE)
        smaller = _restricted(_Part(part.assignment, prices, part.most, part.pairs, part.taken), within)
        if smaller is None:
            return None
        part, kept = smaller
        if len(kept) > _WORTH_IT * len(least):
            return _Narrowed(part, least[kept], None)
    return _Narrowed(part, np.zeros(0), part.taken) if part.most >= -TOLERANCE else None


def _turn(knapsacks: Knapsacks, part: _Part) -> tuple[Numbers, Packed]:
    """Turn the prices a few times towards ruling out this part as a whole."""
    prices, packed = part.prices, knapsacks.pack(part.prices)
    best = prices, packed
    for _ in range(_TURNS - 1):
        lacking = 1.0 - packed.times
        if packed.bound > part.most + TOLERANCE or not lacking.any():
            break
        prices = prices + _STRIDE * (part.most - packed.bound) / (lacking @ lacking) * lacking
        packed = knapsacks.pack(prices)
        if packed.bound > best[1].bound:
            best = prices, packed
    return best


def _may_be(assignment: Assignment, packed: Packed, most: float) -> bool:
    """Say whether what the knapsacks take is an assignment: they may hold too much where sizes are no whole numbers."""
    if not (packed.times == 1).all() or assignment.cost[packed.taken].sum() > most + TOLERANCE:
        return False
    load = np.bincount(assignment.agent[packed.taken], assignment.size[packed.taken], assignment.agents)
    return bool((load <= assignment.capacity + TOLERANCE).all())


def _branches(narrowed: _Narrowed) -> list[int]:
    """Return the pairs of one job, the most promising last: the job that costs most with whatever agent it goes to."""
    job = narrowed.part.assignment.job
    cheapest = np.full(narrowed.part.assignment.jobs, np.inf)
    np.minimum.at(cheapest, job, narrowed.least)
    own = np.flatnonzero(job == np.argmax(cheapest))
    return [int(pair) for pair in own[np.argsort(-narrowed.least[own], kind="stable")]]


def _taking(part: _Part, pair: int) -> _Part | None:
    job = part.assignment.job
    smaller = _restricted(part, np.flatnonzero((job != job[pair]) | (np.arange(len(job)) == pair)))
    return None if smaller is None else smaller[0]


def _restricted(part: _Part, open_: Places) -> tuple[_Part, Places] | None:
    """Keep these pairs only, and let each job that has no other take its one; None where one has none, or no room.

    Also return which pairs are left.
    """
    one, capacity, taken = part.assignment, part.assignment.capacity, part.taken
    free, most = np.ones(one.jobs, dtype=bool), part.most
    while True:
        count = np.bincount(one.job[open_], minlength=one.jobs)
        if (count[free] == 0).any():
            return None
        single = open_[count[one.job[open_]] == 1]
        if not len(single):
            break
        capacity = capacity - np.bincount(one.agent[single], one.size[single], one.agents)
        if (capacity < -TOLERANCE).any():
            return None
        free[one.job[single]] = False
        taken, most = np.concatenate([taken, part.pairs[single]]), most - float(one.cost[single].sum())
        open_ = open_[free[one.job[open_]]]
        open_ = open_[one.size[open_] <= capacity[one.agent[open_]] + TOLERANCE]
    name = np.cumsum(free) - 1
    left = Assignment(
        name[one.job[open_]],
        one.agent[open_],
        one.cost[open_],
        one.size[open_],
        np.maximum(0.0, capacity),
        one.left_out[free],
    )
    return _Part(left, part.prices[free], most, part.pairs[open_], taken), open_


def _by_job(assignment: Assignment, taken: Places) -> Places:
    pair = np.full(assignment.jobs, -1)
    pair[assignment.job[taken]] = taken
    return pair
