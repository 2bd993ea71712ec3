"""Rounding: from what a bound would take to a choice that may be carried out, and on to a better one by single moves.

What is taken whole is kept where there is room. The rest goes where its score is least and there is room, those first
that would lose most by waiting; a job that finds no room makes some by moving one other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from orientation.assigning.assignment import TOLERANCE, Assignment, Numbers, Places, faults

_ROUNDS = 20
_WHOLE = 0.999


@dataclass(slots=True)
class _Load:
    """What is chosen so far, and what room that leaves."""

    assignment: Assignment
    pair: Places
    room: Numbers
    first: Places

    def pairs_of(self, job: int) -> Places:
        return np.arange(self.first[job], self.first[job + 1])

    def fits(self, pairs: Places) -> Places:
        one = self.assignment
        return pairs[one.size[pairs] <= self.room[one.agent[pairs]] + TOLERANCE]

    def take(self, job: int, pair: int) -> None:
        one, old = self.assignment, self.pair[job]
        if old >= 0:
            self.room[one.agent[old]] += one.size[old]
        self.pair[job] = pair
        self.room[one.agent[pair]] -= one.size[pair]


def round_off(assignment: Assignment, x: Numbers, score: Numbers, until: float) -> Places | None:
    """Return a choice near `x`, how much of each pair would be taken; None where some job found no room."""
    first = np.searchsorted(assignment.job, np.arange(assignment.jobs + 1))
    load = _Load(assignment, np.full(assignment.jobs, -1), assignment.capacity.copy(), first)
    for pair in np.flatnonzero(x >= _WHOLE):
        if len(load.fits(np.array([pair]))):
            load.take(int(assignment.job[pair]), int(pair))
    for job in _by_regret(load, score):
        _settle(load, job, score)
    _improve(load, until)
    return None if faults(assignment, load.pair) else load.pair


def _by_regret(load: _Load, score: Numbers) -> list[int]:
    """Order the jobs without a pair: those first whose second choice is much worse than their first."""
    waiting = np.flatnonzero(load.pair < 0)
    regret = []
    for job in waiting:
        own = np.sort(score[load.pairs_of(int(job))])[:2]
        regret.append(own[1] - own[0] if len(own) == 2 else np.inf)
    return [int(job) for job in waiting[np.argsort(-np.asarray(regret), kind="stable")]]


def _settle(load: _Load, job: int, score: Numbers) -> None:
    own = load.fits(load.pairs_of(job))
    if len(own):
        load.take(job, int(own[np.argmin(score[own])]))
    else:
        _make_room(load, job)


def _make_room(load: _Load, job: int) -> None:
    """Move the one job that costs least to move, so that this one has a place."""
    one = load.assignment
    best: tuple[float, int, int, int] | None = None
    for pair in load.pairs_of(job):
        agent, lacking = one.agent[pair], one.size[pair] - load.room[one.agent[pair]]
        others = np.flatnonzero((load.pair >= 0) & (one.agent[load.pair] == agent))
        for other in others[one.size[load.pair[others]] >= lacking - TOLERANCE]:
            for to in load.fits(load.pairs_of(int(other))):
                price = one.cost[to] - one.cost[load.pair[other]] + one.cost[pair]
                if one.agent[to] != agent and (best is None or price < best[0]):
                    best = (float(price), int(other), int(to), int(pair))
    if best is not None:
        _, other, to, pair = best
        load.take(other, to)
        load.take(job, pair)


def _improve(load: _Load, until: float) -> None:
    """Move jobs to cheaper agents with room, again and again, until none gains."""
    one = load.assignment
    for _ in range(_ROUNDS):
        moved = False
        now = np.where(load.pair >= 0, one.cost[load.pair], np.inf)
        cheaper = np.flatnonzero(one.cost < now[one.job] - TOLERANCE)
        for pair in cheaper[np.argsort(one.cost[cheaper] - now[one.job[cheaper]], kind="stable")]:
            job = int(one.job[pair])
            held = load.pair[job]
            here = one.cost[held] if held >= 0 else np.inf
            own = one.size[held] if held >= 0 and one.agent[held] == one.agent[pair] else 0.0
            if one.cost[pair] < here - TOLERANCE and one.size[pair] <= load.room[one.agent[pair]] + own + TOLERANCE:
                load.take(job, int(pair))
                moved = True
        if not moved or time.monotonic() >= until:
            return
