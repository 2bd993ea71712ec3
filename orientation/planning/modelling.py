"""Linear models, put together from blocks of rows and columns, and HiGHS that solves them on one thread."""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np

from orientation.matching.columns import Longs
from orientation.planning.problem import Numbers

INFINITE = highspy.kHighsInf


@dataclass(slots=True)
class Model:
    """Costs are made as small as possible. What is put twice into one place of the matrix is an error of HiGHS."""

    cost: list[Numbers] = field(default_factory=list)
    bounds: list[tuple[Numbers, Numbers]] = field(default_factory=list)
    limits: list[tuple[Numbers, Numbers]] = field(default_factory=list)
    entries: list[tuple[Longs, Longs, Numbers]] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def add_columns(self, cost: Numbers, upper: Numbers | float, lower: Numbers | float = 0.0) -> int:
        """Return the number of the first of them."""
        first, self.columns = self.columns, self.columns + len(cost)
        self.cost.append(cost)
        self.bounds.append((np.broadcast_to(lower, cost.shape), np.broadcast_to(upper, cost.shape)))
        return first

    def add_rows(self, lower: Numbers | float, upper: Numbers) -> int:
        first, self.rows = self.rows, self.rows + len(upper)
        self.limits.append((np.broadcast_to(lower, upper.shape), upper))
        return first

    def put(self, rows: Longs, columns: Longs, values: Numbers | Longs | float) -> None:
        self.entries.append((rows, columns, np.broadcast_to(np.asarray(values, float), rows.shape)))

    def passed_to(self, solver: highspy.Highs, *, whole: range = range(0)) -> None:
        """Hand it over; the columns of `whole` take whole numbers only."""
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.columns, self.rows
        lp.col_cost_ = np.concatenate(self.cost)
        lp.col_lower_, lp.col_upper_ = (np.concatenate(side) for side in zip(*self.bounds, strict=True))
        lp.row_lower_, lp.row_upper_ = (np.concatenate(side) for side in zip(*self.limits, strict=True))
        rows, columns, values = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        order = np.argsort(columns, kind="stable")
        matrix = lp.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kColwise
        matrix.start_ = np.searchsorted(columns[order], np.arange(self.columns + 1))
        matrix.index_, matrix.value_ = rows[order], values[order]
        if whole:
            kinds = highspy.HighsVarType
            lp.integrality_ = [kinds.kInteger if at in whole else kinds.kContinuous for at in range(self.columns)]
        solver.passModel(lp)


def solved(solver: highspy.Highs) -> bool:
    return bool(solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)
