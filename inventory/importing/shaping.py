"""Shaping: what a CSV file looks like (encoding, separator, header, decimals, dates), detected or as somebody said."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from inventory.importing.decoding import (
    BYTES_MAX,
    LINE_MAX,
    REPLACED,
    Line,
    detect_encoding,
    known_encoding,
    lines_of,
    size_of,
)
from inventory.importing.faults import Unusable

SEPARATORS = (",", ";", "\t", "|")
COLUMNS_MAX = 1_000
_SAMPLE_LINES = 1_000
_SAMPLE_CHARS = 1_000_000
_TITLE_MAX = 200
# How far down names may stand below titles.
_TITLES_MAX = 20
_EXCEL = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_FRACTION = {mark: re.compile(rf"-?[0-9]+\{mark}[0-9]+", re.ASCII) for mark in ".,"}
_SHORT_DATE = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2[0-9]{2}(?:[0-9]{2})?(?:[ T].*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says of a file, so that it is not detected."""

    encoding: str | None = None
    separator: str | None = None
    header_line: int | None = None
    decimal: str | None = None
    dates: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is to be read. `decimal` and `dates` are None where the file shows both ways, or neither for sure."""

    encoding: str
    separator: str
    header_line: int
    # In the order of the file; an unnamed column is "", and is not read.
    columns: tuple[str, ...]
    decimal: str | None
    # "ymd": no date in it begins with the day or the month. "dmy", "mdy": some do.
    dates: str | None


def clean(cell: str) -> str:
    """Trim, and leave neither control nor invisible characters: real files have blanks and tabs around many names."""
    if cell.isprintable() and "  " not in cell:
        return cell.strip()
    return " ".join("".join(c if c.isprintable() else " " for c in cell).split())


def detect(file: BinaryIO, told: Told | None = None, *, bytes_max: int = BYTES_MAX) -> Shape:
    """Look at a file and return its shape; raise Unusable where it is none of a table."""
    told = told or Told()
    size = size_of(file)
    if size > bytes_max:
        raise Unusable("file-too-large", size_mb=size // 1_000_000, most_mb=bytes_max // 1_000_000)
    detected = detect_encoding(file)
    encoding = known_encoding(told.encoding) if told.encoding else detected
    if detected.startswith(f"{encoding}-"):
        # "utf-16" is said, and the file shows in which of its two orders it is.
        encoding = detected
    opening = _opening(file, encoding)
    separator = told.separator or _said_by_spreadsheet(opening)
    first, head = _header(opening, told.header_line, separator)
    number = first + len(head) - 1
    sample = [line for at, line in opening if at > number and line is not None and clean(line)]
    separator = separator or _separator(head, sample)
    columns = _columns(number, head, separator)
    cells = [cell for line in sample for cell in _fields([line], separator)]
    return Shape(
        encoding, separator, number, columns, told.decimal or _decimal(cells, separator), told.dates or _dates(cells)
    )


def _opening(file: BinaryIO, encoding: str) -> list[Line]:
    """Return the first lines of a file, as many as tell its shape."""
    opening: list[Line] = []
    chars = 0
    numbered = lines_of(file, encoding)
    try:
        for line in islice(numbered, _SAMPLE_LINES):
            opening.append(line)
            chars += len(line[1] or "")
            if chars > _SAMPLE_CHARS:
                break
    finally:
        numbered.close()
    return opening


def _said_by_spreadsheet(opening: Sequence[Line]) -> str | None:
    said = _EXCEL.fullmatch(opening[0][1] or "") if opening else None
    return said[1] if said else None


def _header(opening: Sequence[Line], header_line: int | None, separator: str | None) -> tuple[int, list[str]]:
    """Return the number of the line that names the columns, and that line with those that a quote adds to it."""
    lines = [(at, line) for at, line in opening if header_line is None or at >= header_line]
    if lines and lines[0][0] == 1 and _EXCEL.fullmatch(lines[0][1] or ""):
        lines = lines[1:]
    for place, (at, line) in enumerate(lines):
        if line is None:
            raise Unusable("header-too-long", at)
        if clean(line):
            skipped = 0 if header_line else _titles(lines[place:], separator)
            return _whole(lines[place + skipped :])
    raise Unusable("no-header", header_line)


def _titles(lines: Sequence[Line], separator: str | None) -> int:
    """Return how many titles stand above the names: lines that are mostly blank where the others have cells."""
    separator = separator or _usual([line for _, line in lines if line is not None and clean(line)])
    if separator is None:
        return 0
    for place, (_, line) in enumerate(lines[:_TITLES_MAX]):
        cells = _fields([line or ""], separator)
        filled = sum(map(bool, map(clean, cells)))
        # Names of columns are all there; only the first line is believed to leave some out.
        if len(cells) >= 2 and (filled == len(cells) > 2 or (place == 0 and filled * 3 > len(cells))):
            return place
    return 0


def _usual(lines: Sequence[str]) -> str | None:
    """Return the separator by which most lines have the same number of cells; none where no line has several."""

    def agreeing(separator: str) -> tuple[int, int]:
        widths = Counter(len(_fields([line], separator)) for line in lines[:100])
        return max(((times, width) for width, times in widths.items() if width > 1), default=(0, 0))

    best = max(SEPARATORS, key=agreeing)
    return best if agreeing(best)[0] else None


def _whole(lines: Sequence[Line]) -> tuple[int, list[str]]:
    """Take the first line, and those that belong to it because a name of a column was broken in two."""
    number = lines[0][0]
    head: list[str] = []
    for _, line in lines:
        if line is None or sum(map(len, head)) > LINE_MAX:
            break
        head.append(line)
        if sum(part.count('"') for part in head) % 2 == 0:
            return number, head
    raise Unusable("header-not-csv", number)


def _separator(head: Sequence[str], sample: Sequence[str]) -> str:
    """Return the separator by which most rows have as many cells as the header, and the most of those that do."""

    def fit(separator: str) -> tuple[float, int, int]:
        names = _fields(head, separator)
        if len(names) < 2:
            return 0.0, 0, 0
        rows = sample[:100]
        same = sum(len(_fields([line], separator)) == len(names) for line in rows)
        # Tabs that pad a name make many cells, and no names.
        return (same / len(rows) if rows else 1.0), sum(map(bool, map(clean, names))), len(names)

    fits = {separator: fit(separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: fits[separator])
    if fits[best][0] > 0:
        return best
    # Not a row agrees with the header: whatever parts the header best is what was meant.
    return max(SEPARATORS, key=lambda separator: fits[separator][1:])


def _columns(number: int, head: Sequence[str], separator: str) -> tuple[str, ...]:
    if any("\0" in line or REPLACED in line for line in head):
        raise Unusable("header-not-text", number)
    fields = _fields(head, separator)
    if not fields:
        raise Unusable("header-not-csv", number)
    if len(fields) > COLUMNS_MAX:
        raise Unusable("too-many-columns", number, columns=len(fields), most=COLUMNS_MAX)
    columns = tuple(clean(field)[:_TITLE_MAX] for field in fields)
    doubled = sorted(name for name, times in Counter(columns).items() if name and times > 1)
    if doubled:
        raise Unusable("doubled-column", number, column=doubled[0])
    if not any(columns):
        raise Unusable("no-header", number)
    return columns


def _fields(lines: Sequence[str], separator: str) -> list[str]:
    """Return the cells of a row; none where it is no row of a table."""
    try:
        return next(csv.reader(lines, delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _decimal(cells: Iterable[str], separator: str) -> str | None:
    found = {mark for mark, pattern in _FRACTION.items() if any(pattern.fullmatch(cell.strip()) for cell in cells)}
    if len(found) == 2:
        return None
    return found.pop() if found else ("," if separator == ";" else ".")


def _dates(cells: Iterable[str]) -> str | None:
    """Tell from dates that can be read one way only which way the others are meant."""
    styles: set[str] = set()
    doubtful = False
    for first, mark, second in _short_dates(cells):
        if first > 12 or second > 12:
            styles.add("dmy" if first > 12 else "mdy")
        elif mark == ".":
            # Nobody puts full stops into a date that begins with the month.
            styles.add("dmy")
        else:
            doubtful = True
    if len(styles) == 1:
        return styles.pop()
    return None if styles or doubtful else "ymd"


def _short_dates(cells: Iterable[str]) -> Iterator[tuple[int, str, int]]:
    for cell in cells:
        if match := _SHORT_DATE.fullmatch(cell.strip()):
            yield int(match[1]), match[2], int(match[3])
