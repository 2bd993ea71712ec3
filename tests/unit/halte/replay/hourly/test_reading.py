"""What is read from one hourly file: Latin-1, tabs in its header, local times without an offset."""

from __future__ import annotations

from pathlib import Path

import pytest

from halte.replay.hourly.gathering import Push
from halte.replay.hourly.reading import Contents, Reader, updated
from tests.support.quebec import NO_INFORMATION, ZONE, file_of, instant, site, total

AT = "2024-01-15T20:45"
ARRIVED = instant("2024-01-16T01:49:51")


def read(tmp_path: Path, content: bytes) -> Contents:
    path = tmp_path / "20240116T014951Z.csv"
    path.write_bytes(content)
    return Reader(ZONE).read(Push(path.name, path, ARRIVED))


def test_a_row_is_a_site_with_its_time_and_the_header_may_hold_tabs(tmp_path: Path) -> None:
    (row,) = read(tmp_path, file_of([site("101", 9, 8, AT)])).rows
    assert (row.line, row.site.permit, row.site.name) == (2, "101", "HÔPITAL DES ÉRABLES")
    assert (row.site.establishment, row.site.region) == ("CISSS INVENTÉ", "Vallée-Inventée")
    assert (row.capacity, row.occupied, row.free, row.over_by) == (9, 8, 1, 0)
    assert row.updated_at == instant("2024-01-16T01:45")


def test_over_capacity_none_is_free_also_where_there_are_no_places(tmp_path: Path) -> None:
    rows = read(tmp_path, file_of([site("101", 9, 12, AT), site("102", 0, 2, AT), site("103", 0, 0, AT)])).rows
    assert [(row.free, row.over_by) for row in rows] == [(0, 3), (0, 2), (0, 0)]


def test_totals_and_what_is_not_known_are_set_aside_and_listed(tmp_path: Path) -> None:
    content = file_of(
        [total(AT), total(AT, NO_INFORMATION, NO_INFORMATION), site("101", NO_INFORMATION, NO_INFORMATION, AT)]
    )
    contents = read(tmp_path, content)
    assert (contents.rows, contents.row_count) == ((), 3)
    assert [(one.line, one.ref, one.became) for one in contents.asides] == [
        (2, "", "total"),
        (3, "", "total"),
        (4, "101", "no information"),
    ]


@pytest.mark.parametrize(
    "row, why",
    [
        (site("", 9, 8, AT), "No_permis_installation is blank"),
        (site("101", "", 8, AT), "Nombre_de_civieres_fonctionnelles is blank"),
        (site("101", 9, -1, AT), "Nombre_de_civieres_occupees is negative: -1"),
        (site("101", 9, "eight", AT), "Nombre_de_civieres_occupees is not a whole number: 'eight'"),
        (site("101", 9, 8, "today"), "Mise_a_jour is not a time: 'today'"),
        (site("101", 9, 8, "2024-02-30T1:00"), "Mise_a_jour is not a time: '2024-02-30T1:00'"),
        (site("101", 9, 8, "0024-01-01T1:00"), "Mise_a_jour is not of this time"),
        (site("102", 9, 8, AT), "permit 102 stands already in line 2"),
        ("01,Vallée-Inventée", "2 cells where the header has 17"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line_and_stops_no_other(tmp_path: Path, row: str, why: str) -> None:
    contents = read(tmp_path, file_of([site("102", 9, 8, AT), row, site("103", "5.0", 1, AT)]))
    assert [one.site.permit for one in contents.rows] == ["102", "103"]
    (refused,) = contents.asides
    assert (refused.line, refused.became) == (3, "refused")
    assert why in refused.reason
    assert contents.row_count == 3


@pytest.mark.parametrize("content", [b"", b"\r\n", b" \t\n\n"])
def test_an_empty_file_is_a_push_with_nothing_in_it(tmp_path: Path, content: bytes) -> None:
    contents = read(tmp_path, content)
    assert (contents.row_count, contents.rows, contents.asides) == (0, (), ())


@pytest.mark.parametrize(
    "content, why",
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "png"),
        (b"<html><body>502 Bad Gateway</body></html>\n", "no column RSS"),
        (b"a,b\n1,2\n", "no column RSS, Region"),
    ],
)
def test_what_arrived_and_is_no_such_file_is_one_refused_row(tmp_path: Path, content: bytes, why: str) -> None:
    contents = read(tmp_path, content)
    assert (contents.rows, contents.row_count) == ((), 1)
    assert why in contents.asides[0].reason
    assert contents.asides[0].reason.startswith("this is no hourly file: ")


def test_columns_are_found_by_name_wherever_they_stand(tmp_path: Path) -> None:
    lines = file_of([site("101", 9, 8, AT)]).decode("latin-1").splitlines()
    turned = "\r\n".join(",".join(reversed(line.split(","))) for line in lines)
    (row,) = read(tmp_path, turned.encode("latin-1")).rows
    assert (row.site.permit, row.capacity, row.occupied) == ("101", 9, 8)


@pytest.mark.parametrize(
    "written, arrived, utc",
    [
        ("2024-07-01T4:45", "2024-07-01T08:50", "2024-07-01T08:45"),
        # 1:45 comes twice on the night of 3 November: which one it is follows from when it arrived.
        ("2024-11-03T1:45", "2024-11-03T05:50", "2024-11-03T05:45"),
        ("2024-11-03T1:45", "2024-11-03T06:50", "2024-11-03T06:45"),
        ("2024-11-03T1:45", "2024-11-03T06:44", "2024-11-03T06:45"),
        # 2:45 does not exist on 10 March: a source that has not turned its clock yet means 3:45.
        ("2024-03-10T2:45", "2024-03-10T07:50", "2024-03-10T07:45"),
        ("2024-03-10 03:45:10", "2024-03-10T07:50", "2024-03-10T07:45"),
    ],
)
def test_a_local_time_is_an_instant_also_when_the_clocks_change(written: str, arrived: str, utc: str) -> None:
    assert updated(written, instant(arrived), ZONE) == instant(utc)
