"""One load for each agent, each job in one of them: is there such a choice of at most so much? Depth first.

Prices of the jobs rule loads out one by one, which says more than ruling out pairs. What is left is split by the agent
of one job: the job that costs most with whatever agent takes it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from orientation.assigning.assignment import TOLERANCE, Numbers, Places
from orientation.assigning.loads import Loads

# Turns of the prices before what is ruled out is ruled out, and how far each goes.
_TURNS = 16
_STRIDE = 1.5
# Ruled out again at once, while no more than this part of the loads stays.
_WORTH_IT = 0.7


@dataclass(frozen=True, slots=True)
class Chosen:
    """`pairs` of all agents where there is such a choice; `sure`: without one, there is none (else time was up)."""

    pairs: Places | None
    sure: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """What the loads prove at some prices: a bound, what each load loses beside its agent's best, and how often
    the `best` take each job."""

    prices: Numbers
    bound: float
    loss: Numbers
    best: Places
    times: Numbers


@dataclass(frozen=True, slots=True)
class _Part:
    """What is left to choose from, and the job that goes to one of the agents: it is done only when its turn comes."""

    loads: Loads
    prices: Numbers
    job: int = -1
    agent: int = -1

    def with_it(self) -> Loads:
        if self.job < 0:
            return self.loads
        return self.loads.only(self.loads.having(self.job) == (self.loads.agent == self.agent))


class _TimeUp(Exception):
    """Nothing is known yet: with many loads a single look takes a while, so it is asked within one, too."""


def choose(loads: Loads, prices: Numbers, most: float, until: float) -> Chosen:
    """Look for a choice that costs at most `most`."""
    try:
        return _choose(loads, prices, most, until)
    except _TimeUp:
        return Chosen(None, sure=False)


def _choose(loads: Loads, prices: Numbers, most: float, until: float) -> Chosen:
    waiting = [_Part(loads, prices)]
    while waiting:
        part = waiting.pop()
        narrowed = _narrow(part.with_it(), part.prices, most, until)
        if narrowed is None or narrowed[1].bound > most + TOLERANCE:
            continue
        left, looked = narrowed
        if (looked.times == 1).all():
            pairs = left.pairs[:, looked.best]
            return Chosen(pairs[left.jobs[:, looked.best] < len(prices)], sure=True)
        waiting.extend(_branches(left, looked, most, until))
    return Chosen(None, sure=True)


def _hurry(until: float) -> None:
    if time.monotonic() >= until:
        raise _TimeUp


def look(loads: Loads, starts: Places, prices: Numbers) -> Looked:
    """Let every agent take what is best for it; `starts` says where its loads begin."""
    priced = np.append(prices, 0.0)
    reduced = loads.cost - priced.take(loads.jobs).sum(axis=0)
    least = np.minimum.reduceat(reduced, starts)
    loss = reduced - least.take(loads.agent)
    best = np.flatnonzero(loss == 0.0)
    # Of those that are equally good the first.
    best = best[np.searchsorted(best, starts)]
    times = np.bincount(loads.jobs[:, best].ravel(), minlength=len(prices) + 1)[:-1].astype(float)
    return Looked(prices, float(prices.sum() + least.sum()), loss, best, times)


def _turned(loads: Loads, prices: Numbers, most: float, until: float) -> Looked:
    """Turn the prices a few times towards ruling out all of it."""
    starts = loads.starts()
    looked = best = look(loads, starts, prices)
    for _ in range(_TURNS):
        lacking = 1.0 - looked.times
        if best.bound > most + TOLERANCE or not lacking.any():
            break
        _hurry(until)
        prices = prices + _STRIDE * (most + TOLERANCE - looked.bound) / (lacking @ lacking) * lacking
        looked = look(loads, starts, prices)
        if looked.bound > best.bound:
            best = looked
    return looked if (looked.times == 1).all() else best


def _narrow(loads: Loads, prices: Numbers, most: float, until: float) -> tuple[Loads, Looked] | None:
    """Rule out what can be ruled out; None where an agent or a job has nothing left."""
    known = _consistent(loads, len(prices), until)
    while known is not None:
        _hurry(until)
        loads = known
        looked = _turned(loads, prices, most, until)
        if looked.bound > most + TOLERANCE:
            return None
        if (looked.times == 1).all():
            return loads, looked
        prices = looked.prices
        known = _consistent(loads.only(looked.loss <= most - looked.bound + TOLERANCE), len(prices), until)
        if known is not None and len(known) > _WORTH_IT * len(loads):
            return known, look(known, known.starts(), prices)
    return None


def _consistent(loads: Loads, jobs: int, until: float) -> Loads | None:
    """Drop loads without a job that nobody else may take, and those with a job that another must take."""
    agents = loads.agents
    while True:
        _hurry(until)
        of_agent = np.bincount(loads.agent, minlength=agents)
        if not of_agent.all():
            return None
        key = loads.jobs * agents + loads.agent
        count = np.bincount(key.ravel(), minlength=(jobs + 1) * agents)[: jobs * agents].reshape(jobs, agents)
        may, must = (count > 0).sum(axis=1), count == of_agent
        if not may.all() or (must.sum(axis=1) > 1).any():
            return None
        # A job that some must take and others may, and one that a single agent may take and need not.
        held = must.any(axis=1)
        foreign = np.append(((count > 0) & held[:, None] & ~must).ravel(), np.zeros(agents, dtype=bool))
        needed = np.append(((count > 0) & (may == 1)[:, None] & ~held[:, None]).ravel(), np.zeros(agents, dtype=bool))
        if not foreign.any() and not needed.any():
            return loads
        needs = needed[: jobs * agents].reshape(jobs, agents).sum(axis=0)
        kept = ~foreign[key].any(axis=0) & (needed[key].sum(axis=0) == needs[loads.agent])
        loads = loads.only(kept)


def _branches(loads: Loads, looked: Looked, most: float, until: float) -> list[_Part]:
    """Split by the agents of one job, the most promising last."""
    starts = loads.starts()
    chosen, worst = -1, np.zeros(0)
    for job in np.flatnonzero(looked.times != 1):
        _hurry(until)
        least = looked.bound + _least(loads, looked.loss, starts, int(job))
        if chosen < 0 or least.min() > worst.min():
            chosen, worst = int(job), least
    agents = np.flatnonzero(worst <= most + TOLERANCE)
    worst_first = agents[np.argsort(-worst[agents], kind="stable")]
    return [_Part(loads, looked.prices, chosen, int(agent)) for agent in worst_first]


def _least(loads: Loads, loss: Numbers, starts: Places, job: int) -> Numbers:
    """Return what is lost at least if each of the agents takes a job: it must, and the others must not."""
    has = loads.having(job)
    with_it = np.minimum.reduceat(np.where(has, loss, np.inf), starts)
    spared = np.minimum.reduceat(np.where(has, np.inf, loss), starts)
    # An agent that has nothing without the job takes it.
    must = np.isinf(spared)
    if must.any():
        with_it[~must] = np.inf
        spared[must] = 0.0
    least: Numbers = with_it + spared.sum() - spared
    return least
