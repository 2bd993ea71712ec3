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
    numbered = lines_of(file, encoding)
    try:
        number, head, separator = _header(numbered, told)
        sample = _sample(numbered)
    finally:
        numbered.close()
    separator = separator or _separator(head, sample)
    columns = _columns(number, head, separator)
    cells = [cell for line in sample for cell in _fields([line], separator)]
    return Shape(
        encoding, separator, number, columns, told.decimal or _decimal(cells, separator), told.dates or _dates(cells)
    )


def _header(numbered: Iterator[Line], told: Told) -> tuple[int, list[str], str | None]:
    """Return what names the columns, the number of its last line, and the separator if somebody says it."""
    separator = told.separator
    for number, line in numbered:
        if line is None:
            raise Unusable("header-too-long", number)
        if told.header_line is not None and number < told.header_line:
            continue
        if (excel := _EXCEL.fullmatch(line)) and number == 1:
            separator = separator or excel[1]
            continue
        if clean(line) or told.header_line == number:
            return *_whole(number, line, numbered), separator
    raise Unusable("no-header", told.header_line)


def _whole(number: int, line: str, numbered: Iterator[Line]) -> tuple[int, list[str]]:
    """Add the lines that belong to the header because a name of a column was broken in two."""
    head = [line]
    while sum(part.count('"') for part in head) % 2:
        number, following = next(numbered, (number, None))
        if following is None or sum(map(len, head)) + len(following) > LINE_MAX:
            raise Unusable("header-not-csv", number)
        head.append(following)
    return number, head


def _sample(numbered: Iterable[Line]) -> list[str]:
    """Return the first rows, as far as a line is a row; what cannot be meant says nothing of the shape."""
    sample, chars = [], 0
    for _, line in islice(numbered, _SAMPLE_LINES):
        if line is not None and clean(line):
            sample.append(line)
            chars += len(line)
        if chars > _SAMPLE_CHARS:
            break
    return sample


def _separator(head: Sequence[str], sample: Sequence[str]) -> str:
    """Return the separator by which most rows have as many cells as the header, and the most of those that do."""

    def fit(separator: str) -> tuple[float, int]:
        width = len(_fields(head, separator))
        if width < 2:
            return 0.0, 0
        rows = sample[:100]
        same = sum(len(_fields([line], separator)) == width for line in rows)
        return (same / len(rows) if rows else 1.0), width

    fits = {separator: fit(separator) for separator in SEPARATORS}
    best = max(SEPARATORS, key=lambda separator: fits[separator])
    if fits[best][0] > 0:
        return best
    # Not a row agrees with the header: whatever parts the header best is what was meant.
    return max(SEPARATORS, key=lambda separator: fits[separator][1])


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
