"""What is read from any CSV file: its shape, its rows, and the line of whatever is none."""

from __future__ import annotations

import io

import pytest

from inventory.importing.reading import Fault, Row, Told, Unusable, clean, detect, read_rows

TABLE = "Réf;Nom;Libres\nA1;Le Tilleul;3\nA2;L'Érable;0\n"


def read(data: bytes | str, told: Told | None = None) -> list[Row | Fault]:
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return list(read_rows(file, detect(file, told)))


def faults(data: bytes | str) -> list[tuple[int | None, str]]:
    return [(item.line, item.what) for item in read(data) if isinstance(item, Fault)]


def lines(data: bytes | str) -> list[int | None]:
    return [item.line for item in read(data) if isinstance(item, Row)]


def unusable(data: bytes | str, told: Told | None = None) -> Fault:
    with pytest.raises(Unusable) as caught:
        read(data, told)
    return caught.value.fault


@pytest.mark.parametrize(
    "codec, detected",
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
    ],
)
def test_encodings_are_told_from_the_bytes(codec: str, detected: str) -> None:
    data = TABLE.encode(codec)
    assert detect(io.BytesIO(data)).encoding == detected
    assert read(data) == [
        Row(2, {"Réf": "A1", "Nom": "Le Tilleul", "Libres": "3"}),
        Row(3, {"Réf": "A2", "Nom": "L'Érable", "Libres": "0"}),
    ]


def test_one_accent_far_down_decides_the_encoding() -> None:
    data = b"id,name\n" + b"1,plain\n" * 400_000 + "2,Érable\n".encode("cp1252")
    assert detect(io.BytesIO(data)).encoding == "cp1252"


def test_a_broken_character_in_a_text_full_of_good_ones_spoils_its_row_only() -> None:
    data = "id,name\n1,Érable\n2,Hêtre\n3,".encode() + b"\xff\n" + "4,Chêne\n".encode()
    assert faults(data) == [(4, "not-decodable")]
    assert lines(data) == [2, 3, 5]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(separator: str) -> None:
    data = TABLE.replace(";", separator)
    assert detect(io.BytesIO(data.encode())).separator == separator
    assert len(read(data)) == 2


def test_tabs_and_commas_inside_do_not_mislead() -> None:
    text = "id \t\t\t,name\t\t,free\n1,Larch,3\n2,Fir,4\n"
    shape = detect(io.BytesIO(text.encode()))
    assert (shape.separator, shape.columns) == (",", ("id", "name", "free"))
    addresses = 'id;address\n1;"1, rue Haute"\n2;"2, rue Basse, bte 3"\n'
    assert detect(io.BytesIO(addresses.encode())).separator == ";"


def test_a_spreadsheets_own_hint_of_its_separator() -> None:
    assert read("sep=|\na|b,c\n1|2\n") == [Row(3, {"a": "1", "b,c": "2"})]


def test_what_somebody_says_outranks_what_was_detected() -> None:
    text = "List of 3 March\n\nid;name\n1;x,y\n"
    told = Told(encoding="latin1", separator=";", header_line=3, decimal=",", dates="mdy")
    shape = detect(io.BytesIO(text.encode()), told)
    assert (shape.encoding, shape.header_line, shape.decimal, shape.dates) == ("iso8859-1", 3, ",", "mdy")
    assert read(text, told) == [Row(4, {"id": "1", "name": "x,y"})]


def test_titles_above_the_names_are_passed_over() -> None:
    titled = "Lijst van de nacht\t\t\t\nStand:\t14.01.2026\t\t\t\t\t\n\nNr\tHuis\tVrij\n1\tBeuk\t3\n"
    assert read(titled) == [Row(5, {"Nr": "1", "Huis": "Beuk", "Vrij": "3"})]
    # A header with unnamed columns is no title, nor is the only line of a file.
    assert read("a,b,,\n1,2,x,y\n") == [Row(2, {"a": "1", "b": "2"})]
    assert detect(io.BytesIO(b"Centres\n")).columns == ("Centres",)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(ending: str) -> None:
    assert lines(TABLE.replace("\n", ending)) == [2, 3]


def test_mixed_line_endings_no_last_one_and_blank_lines() -> None:
    assert lines("a,b\r\n1,2\r3,4\n\n , \n,\n5,6") == [2, 3, 7]


def test_a_row_may_break_within_quotes_and_names_of_columns_too() -> None:
    text = 'id,"address\nof the house"\n1,"rue Haute\r\n1000 Bruxelles"\n2,"say ""Fir"""\n'
    assert read(text) == [
        Row(3, {"id": "1", "address of the house": "rue Haute 1000 Bruxelles"}),
        Row(5, {"id": "2", "address of the house": 'say "Fir"'}),
    ]


def test_a_stray_quote_spoils_its_row_only() -> None:
    text = 'id,name\n1,Larch\n2,"Fir\n3,Oak\n4,"Elm" tree\n5,6" pipe\n6,Ash\n'
    assert faults(text) == [(3, "quotes"), (5, "quotes")]
    assert lines(text) == [2, 4, 6, 7]


def test_two_stray_quotes_do_not_become_one_row() -> None:
    text = 'id,name,free\n1,"Larch,3\n2,Fir,3\n3,Oak",3\n4,Elm,3\n'
    assert faults(text) == [(2, "quotes")]
    # What stands behind a closing quote is a name with a quote in it, as ever.
    assert lines(text) == [3, 4, 5]


def test_ragged_rows_are_refused_with_their_line() -> None:
    items = read("a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3\n")
    assert items[1] == Fault(3, "ragged", {"cells": 2, "columns": 3})
    assert items[2] == Fault(4, "ragged", {"cells": 4, "columns": 3})
    assert lines("a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3\n") == [2, 5]


def test_nul_is_refused_with_its_line() -> None:
    assert faults("a,b\n1,2\n3,\0\n5,6\n") == [(3, "nul")]


def test_cells_are_trimmed_of_what_cannot_be_seen() -> None:
    assert clean("\t Larch\u00a0 House\u200b \u202e\r\n") == "Larch House"
    assert clean("Larch House") == "Larch House"
    assert clean(" x  y ") == "x y"


def test_unnamed_columns_are_not_read() -> None:
    assert read("a,b,,\n1,2,x,\n") == [Row(2, {"a": "1", "b": "2"})]


def test_a_cell_beyond_all_measure_spoils_its_row_only() -> None:
    text = "a,b\n1,2\n3," + "x" * 10_000_000 + "\n5,6\n"
    assert faults(text) == [(3, "row-too-long")]
    assert lines(text) == [2, 4]


def test_rows_without_end_are_refused_from_where_they_are_too_many() -> None:
    file = io.BytesIO(b"a,b\n" + b"1,2\n" * 50)
    items = list(read_rows(file, detect(file), rows_max=10))
    assert len(items) == 11
    assert items[-1] == Fault(12, "too-many-rows", {"most": 10})


@pytest.mark.parametrize(
    "data, what",
    [
        (b"", "empty-file"),
        (b"\xef\xbb\xbf\r\n \n", "empty-file"),
        (b"PK\x03\x04" + b"\x00" * 100, "not-text"),
        (b"\x89PNG\r\n\x1a\n", "not-text"),
        (b"a,b,a\n1,2,3\n", "doubled-column"),
        (b"a, a\t\n1,2\n", "doubled-column"),
        (b";;;\n;;\n", "no-header"),
        (b'"a,b\n1,2\n', "header-not-csv"),
        (b"a\x00,b\n1,2\n", "header-not-text"),
        (b",".join(b"c%d" % i for i in range(10_000)), "too-many-columns"),
        (b",".join(b"c%d" % i for i in range(100_000)), "header-too-long"),
        (b"x" * 3_000_000, "header-too-long"),
    ],
)
def test_what_is_no_table_is_refused_whole(data: bytes, what: str) -> None:
    assert unusable(data).what == what


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(Unusable, match="file-too-large"):
        detect(io.BytesIO(b"a,b\n" + b"1,2\n" * 10), bytes_max=20)


def test_an_encoding_that_nobody_knows() -> None:
    assert unusable(TABLE, Told(encoding="klingon")).what == "unknown-encoding"
    for encoding in ("base64", "idna", "punycode", "a\0b"):
        assert unusable(TABLE, Told(encoding=encoding)).what == "unknown-encoding"


def test_an_encoding_that_is_not_the_files() -> None:
    for encoding in ("utf-16", "utf-32"):
        assert unusable(TABLE, Told(encoding=encoding)).what == "not-this-encoding"
    # Said without the order of its bytes, which the file shows.
    assert detect(io.BytesIO("a;b\n1;é\n".encode("utf-16-le")), Told(encoding="utf-16")).encoding == "utf-16-le"


def test_a_header_alone_has_no_rows() -> None:
    assert read("a,b\n") == []


@pytest.mark.parametrize(
    "cells, decimal",
    [(["3", "x"], "."), (["50.85"], "."), (["50,85", "3"], ","), (["50,85", "4.35"], None)],
)
def test_decimals(cells: list[str], decimal: str | None) -> None:
    text = "a|b\n" + "".join(f"{cell}|x\n" for cell in cells)
    assert detect(io.BytesIO(text.encode())).decimal == decimal


@pytest.mark.parametrize(
    "cells, dates",
    [
        (["2026-03-31", "2026/03/31 20:00"], "ymd"),
        (["03/04/2026", "31/03/2026 20:00"], "dmy"),
        (["03/04/2026", "03/31/2026"], "mdy"),
        (["03.04.2026"], "dmy"),
        (["03/04/2026"], None),
        (["31/03/2026", "03/31/2026"], None),
    ],
)
def test_the_order_of_dates(cells: list[str], dates: str | None) -> None:
    text = "a;b\n" + "".join(f"{cell};x\n" for cell in cells)
    assert detect(io.BytesIO(text.encode())).dates == dates
