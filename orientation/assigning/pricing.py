"""Prices of the jobs at which the knapsacks prove most: up where nobody takes a job, down where several do."""

from __future__ import annotations

import time
from dataclasses import dataclass

from orientation.assigning.assignment import Numbers
from orientation.assigning.packing import Knapsacks, Packed

_ROUNDS = 500
# A step is halved after so many rounds without a better bound, and there is an end when it has become so small.
_PATIENCE = 12
_SMALLEST = 0.02
# The bound is hoped to rise by this part of the prices; what is known to be possible may say less.
_REACH = 0.004
# How much of the last direction stays in the next: it keeps the prices from swinging between two agents.
_INERTIA = 0.6


@dataclass(frozen=True, slots=True)
class Priced:
    prices: Numbers
    packed: Packed


def price(knapsacks: Knapsacks, prices: Numbers, value: float, until: float) -> Priced:
    """Raise the bound from these prices on, as far as it goes; `value` is what is known to be possible."""
    best = Priced(prices, knapsacks.pack(prices))
    packed, step, stalled, direction = best.packed, 1.0, 0, 0.0 * prices
    reach = _REACH * float(abs(prices).sum())
    for _ in range(_ROUNDS):
        lacking = 1.0 - packed.times
        if not lacking.any() or best.packed.bound >= value or step < _SMALLEST or time.monotonic() >= until:
            break
        direction = lacking + _INERTIA * direction
        aim = min(value, best.packed.bound + reach)
        prices = prices + step * (aim - packed.bound) / (direction @ direction) * direction
        packed = knapsacks.pack(prices)
        if packed.bound > best.packed.bound:
            best, stalled = Priced(prices, packed), 0
        else:
            stalled += 1
        if stalled >= _PATIENCE:
            step, stalled, direction = step / 2, 0, 0.0 * prices
            prices, packed = best.prices, best.packed
    return best
