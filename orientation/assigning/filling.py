"""Filling many knapsacks at a time: a table for all of them, an item of each at a step.

Left of a row's first cell lie cells that hold less than anything, so that no step has to ask whether an item fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from orientation.assigning.assignment import Marks, Numbers, Places

# Steps × knapsacks × cells.
_Table: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Batch:
    """`items` lie one after another, each in its `row` and `column`; `gain` and `cells` are rows of knapsacks."""

    items: Places
    row: Places
    column: Places
    gain: Numbers
    cells: Places
    rooms: Places

    @classmethod
    def of(cls, items: Places, starts: Places, gain: Numbers, cells: Places, rooms: Places) -> Batch:
        """`starts` says where the items of each knapsack begin."""
        counts = np.diff(np.append(starts, len(items)))
        row = np.repeat(np.arange(len(starts)), counts)
        column = np.arange(len(items)) - starts[row]
        shape = (len(starts), int(counts.max()))
        gains, sizes = np.zeros(shape), np.zeros(shape, dtype=np.int64)
        gains[row, column], sizes[row, column] = gain, cells
        return cls(items, row, column, gains, sizes, rooms)


def fill(batch: Batch) -> tuple[float, Marks]:
    """Return the most that all of them hold together, and mark the items that they take for it."""
    pad, width = int(batch.cells.max()), int(batch.rooms.max()) + 1
    table = _table(batch.gain, batch.cells, width - 1 - batch.rooms, pad, width)
    steps, rows, _ = table.shape
    every, at = np.arange(rows), np.full(rows, pad + width - 1)
    taken = np.zeros(batch.gain.shape, dtype=bool)
    for step in range(steps - 2, -1, -1):
        took = table[step + 1, every, at] != table[step, every, at]
        taken[:, step] = took
        at -= took * batch.cells[:, step]
    return float(table[-1, :, -1].sum()), taken[batch.row, batch.column]


def lost(batch: Batch) -> tuple[Numbers, Numbers]:
    """Return for each item how much less its knapsack holds if it must be taken, and how much less if it must not."""
    pad, width = int(batch.cells.max()), int(batch.rooms.max()) + 1
    # Cells are counted from the right in one and from the left in the other: then what goes before an item and what
    # comes after it fill a room together where they stand in the same column, with the second turned round.
    before = _table(batch.gain, batch.cells, width - 1 - batch.rooms, pad, width)
    none = np.zeros_like(batch.rooms)
    after = _table(batch.gain[:, ::-1], batch.cells[:, ::-1], none, pad, width)[::-1]
    with_, without = np.empty(batch.gain.shape), np.empty(batch.gain.shape)
    turned = _places(len(batch.rooms), pad, width)[:, ::-1]
    for step in range(batch.gain.shape[1]):
        first, rest = before[step, :, pad:], after[step + 1]
        without[:, step] = (first + rest[:, : pad - 1 if pad else None : -1]).max(axis=1)
        with_[:, step] = (first + rest.ravel()[turned - batch.cells[:, step, None]]).max(axis=1)
    most = before[-1, :, -1:]
    places = batch.row, batch.column
    return (most - with_ - batch.gain)[places], (most - without)[places]


def _table(gain: Numbers, cells: Places, first: Places, pad: int, width: int) -> _Table:
    """Return the most that the first items hold, a step for how many of them; what is before a `first` cell is not."""
    rows, steps = gain.shape
    table = np.empty((steps + 1, rows, pad + width))
    table[:, :, :pad] = -np.inf
    table[0, :, pad:] = np.where(np.arange(width) < first[:, None], -np.inf, 0.0)
    places, with_it = _places(rows, pad, width), np.empty((rows, width))
    for step in range(steps):
        before, now = table[step], table[step + 1, :, pad:]
        np.take(before.ravel(), places - cells[:, step, None], out=with_it, mode="clip")
        np.add(with_it, gain[:, step, None], out=with_it)
        np.maximum(with_it, before[:, pad:], out=now)
    return table


def _places(rows: int, pad: int, width: int) -> Places:
    """Return where in a flat step of the table each cell of each row lies."""
    return np.arange(rows)[:, None] * (pad + width) + pad + np.arange(width)
