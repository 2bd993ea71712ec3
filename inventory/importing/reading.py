"""Reading: the rows of any CSV file, by the names of its columns, each with the number of its line. Streams.

A bad row is a Fault and never stops the good ones. A cell may hold line breaks in quotes; but a stray quote, which
would swallow the rest of the file, spoils its own row only.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from inventory.importing.decoding import LINE_MAX, REPLACED, Line, lines_of
from inventory.importing.faults import Fault, Unusable
from inventory.importing.shaping import Shape, Told, clean, detect

__all__ = ["ROWS_MAX", "Fault", "Row", "Shape", "Told", "Unusable", "clean", "detect", "read_rows"]

ROWS_MAX = 5_000_000
# How many lines one row may have: an address in a cell has four.
_JOINED_MAX = 50
# Joining is tried for every row with a single quote. In a file that is full of them it is not what was meant.
_IN_VAIN_MAX = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its first line, and its cleaned cells by the names of their columns."""

    line: int
    cells: dict[str, str]


def read_rows(file: BinaryIO, shape: Shape, *, rows_max: int = ROWS_MAX) -> Iterator[Row | Fault]:
    """Yield every row that has something in it, or why it is none."""
    numbered = lines_of(file, shape.encoding)
    try:
        records = _Records(numbered, shape)
        for count, item in enumerate(records, start=1):
            if count > rows_max:
                yield Fault(item.line, "too-many-rows", {"most": rows_max})
                return
            yield item
    finally:
        numbered.close()


class _Records:
    def __init__(self, numbered: Iterator[Line], shape: Shape) -> None:
        self._numbered = numbered
        self._shape = shape
        # Lines that were looked at for a row that did not end there.
        self._ahead: deque[Line] = deque()
        self._in_vain = 0

    def __iter__(self) -> Iterator[Row | Fault]:
        while (taken := self._take()) is not None:
            number, line = taken
            if number <= self._shape.header_line:
                continue
            item = self._read(number, line)
            if item is not None:
                yield item

    def _take(self) -> Line | None:
        return self._ahead.popleft() if self._ahead else next(self._numbered, None)

    def _read(self, number: int, line: str | None) -> Row | Fault | None:
        if line is None:
            return Fault(number, "row-too-long", {"most": LINE_MAX})
        if '"' in line and line.count('"') % 2 and self._in_vain < _IN_VAIN_MAX:
            fields, fault = self._join(number, line)
        else:
            fields, fault = self._fields(number, [line])
        if fault is not None:
            return fault
        cells = [clean(field) for field in fields]
        if not any(cells):
            return None
        return Row(number, {name: cell for name, cell in zip(self._shape.columns, cells, strict=True) if name})

    def _join(self, number: int, line: str) -> tuple[list[str], Fault | None]:
        """Read a row whose first line opens a quote that it does not close."""
        lines, taken, chars = [line], [], len(line)
        while len(lines) < _JOINED_MAX and (following := self._take()) is not None:
            taken.append(following)
            text = following[1]
            if text is None or chars + len(text) > LINE_MAX:
                break
            lines.append(text)
            chars += len(text)
            if text.count('"') % 2:
                fields, fault = self._fields(number, lines)
                if fault is None and not self._each_is_a_row(lines):
                    return fields, None
                break
        self._ahead.extendleft(reversed(taken))
        self._in_vain += 1
        return self._fields(number, [line])

    def _each_is_a_row(self, lines: list[str]) -> bool:
        """Tell whether two stray quotes enclose rows that each have all their cells: that is no cell with breaks."""
        width = len(self._shape.columns)
        return width > 2 and all(line.count(self._shape.separator) == width - 1 for line in lines)

    def _fields(self, number: int, lines: list[str]) -> tuple[list[str], Fault | None]:
        if any("\0" in line for line in lines):
            return [], Fault(number, "nul")
        if any(REPLACED in line for line in lines):
            return [], Fault(number, "not-decodable", {"encoding": self._shape.encoding})
        try:
            fields = next(csv.reader(lines, delimiter=self._shape.separator, strict=True), [])
        except csv.Error:
            return [], Fault(number, "quotes")
        width = len(self._shape.columns)
        if len(fields) != width and any(map(clean, fields)):
            return [], Fault(number, "ragged", {"cells": len(fields), "columns": width})
        return fields if len(fields) == width else [""] * width, None
