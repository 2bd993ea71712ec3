"""The same table is the same import: whatever dialect it is written in, and in whatever order it stands."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.importing.knowing import KnownRegion
from inventory.importing.planning import plan
from inventory.importing.previewing import Asked, read
from inventory.importing.reading import Fault, Row, Told, clean, detect, read_rows
from inventory.lane.working import SYSTEM
from tests.support.importing import COLUMNS, MAPPING, ZONE, csv_of, row

# What may stand in a cell of any western spreadsheet; a line break and a quote are for the dialect to carry.
_CELLS = st.text(alphabet='abcXYZ éèüß€0189 ,;|\t"\n.-', max_size=12)
_NAMES = st.lists(st.text(alphabet="abcdé", min_size=1, max_size=6), min_size=3, max_size=5, unique=True)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    names = draw(_NAMES)
    width = len(names)
    return [names, *draw(st.lists(st.lists(_CELLS, min_size=width, max_size=width), min_size=1, max_size=8))]


def written(table: list[list[str]], separator: str, ending: str, quoting: int) -> str:
    text = io.StringIO()
    # csv's constants of quoting are plain numbers, and its types know them as an enumeration.
    csv.writer(text, delimiter=separator, lineterminator=ending, quoting=quoting).writerows(table)  # type: ignore[arg-type]
    return text.getvalue()


@settings(deadline=None, max_examples=150)
@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_every_dialect_of_a_table_has_the_same_rows(
    table: list[list[str]], separator: str, ending: str, quoting: int, codec: str
) -> None:
    data = written(table, separator, ending, quoting).encode(codec)
    told = Told(separator=separator, encoding="cp1252" if codec == "cp1252" else None)
    file = io.BytesIO(data)
    items = list(read_rows(file, detect(file, told)))
    expected = [[clean(cell) for cell in cells] for cells in table[1:]]
    expected = [cells for cells in expected if any(cells)]
    found = [list(item.cells.values()) for item in items if isinstance(item, Row)]
    faults = [item for item in items if isinstance(item, Fault)]
    if not faults:
        assert found == expected
    else:
        # Two line breaks in cells may look like rows of their own with stray quotes: those are refused, never misread.
        assert {fault.what for fault in faults} <= {"quotes", "ragged"}
        assert any("\n" in cell for cells in table[1:] for cell in cells)


@settings(deadline=None, max_examples=60)
@given(tables(), st.sampled_from([";", "\t", "|", ","]), st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_plain_tables_are_detected_without_being_told(table: list[list[str]], separator: str, codec: str) -> None:
    plain = [[cell.translate(str.maketrans("", "", ',;|\t"\n')) for cell in cells] for cells in table]
    # A file whose every byte is also UTF-8 is UTF-8; with an accent, which all of ours have, it is decided.
    plain[1][0] += "é"
    file = io.BytesIO(written(plain, separator, "\r\n", csv.QUOTE_MINIMAL).encode(codec))
    shape = detect(file)
    assert (shape.separator, shape.encoding) == (separator, codec)
    assert [list(item.cells.values()) for item in read_rows(file, shape) if isinstance(item, Row)] == [
        [clean(cell) for cell in cells] for cells in plain[1:] if any(map(clean, cells))
    ]


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_no_file_whatever_brings_the_reader_down(data: bytes) -> None:
    from inventory.importing.faults import Unusable

    file = io.BytesIO(b"a;b\n" + data)
    try:
        items = list(read_rows(file, detect(file)))
    except Unusable:
        return
    assert all(item.line >= 2 for item in items if item.line is not None)


_ROWS = [row(site, unit, site + unit) for site in range(3) for unit in range(3)]
assert codecs.lookup("cp1252")


def changes_of(data: bytes) -> tuple[list[str], list[UUID], int]:
    found = read(Asked(io.BytesIO(data), MAPPING.encode(), 2**30), ZONE)
    known = KnownRegion(UUID(int=7), ZONE, datetime(2026, 1, 16, tzinfo=UTC))
    result = plan(found.gathered, found.mapping, known, SYSTEM)
    told = sorted(repr((one.noun, one.id, one.what, sorted(one.after.items()))) for one in result.changes)
    return told, sorted(step.work.id for step in result.counts), len(result.faults)


_AS_IT_STANDS = changes_of(csv_of(_ROWS))


@settings(deadline=None, max_examples=60)
@given(st.permutations(_ROWS), st.permutations(COLUMNS), st.sampled_from([",", ";", "\t"]))
def test_the_order_of_rows_and_columns_changes_nothing(
    rows: list[dict[str, str]], columns: list[str], separator: str
) -> None:
    assert changes_of(csv_of(rows, columns, separator)) == _AS_IT_STANDS
