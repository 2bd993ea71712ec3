"""What a file and its mapping come to, against a region as it is: pure, and without a database."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from inventory.importing.faults import Unusable
from inventory.importing.knowing import KnownRegion, KnownUnit
from inventory.importing.mapping import read_mapping
from inventory.importing.planning import Plan, plan
from inventory.importing.previewing import Asked, read
from inventory.importing.sketching import sketch
from inventory.lane.working import SYSTEM
from inventory.model.unit import Admits, Allotment, Turnover
from inventory.reporting import Report
from tests.support.importing import MAPPING, ZONE, csv_of, row

REGION = UUID(int=7)
NOW = datetime(2026, 1, 16, 12, tzinfo=UTC)
HEAD = 'source = "t"\n[unit]\nid = "u"\nshelter = "s"\nname = "u"\naudience = { constant = ["men"] }\ncapacity = "c"\n'


def planned(
    data: bytes | str, mapping: str = MAPPING, known: KnownRegion | None = None
) -> tuple[Plan, list[tuple[int | None, str]]]:
    raw = data.encode() if isinstance(data, str) else data
    found = read(Asked(io.BytesIO(raw), mapping.encode(), 2**30), ZONE)
    result = plan(found.gathered, found.mapping, known or KnownRegion(REGION, ZONE, NOW), SYSTEM)
    faults = [*found.gathered.faults, *result.faults]
    return result, [(fault.line, fault.what) for fault in faults]


def known_after(result: Plan, known: KnownRegion | None = None) -> KnownRegion:
    """Return the region as it is once a plan was applied."""
    after = known or KnownRegion(REGION, ZONE, NOW)
    for step in result.definitions:
        work = step.work
        for name, things in (("operator", after.operators), ("shelter", after.shelters)):
            if hasattr(work, name):
                things[getattr(work, name).id] = getattr(work, name)
        if hasattr(work, "capacity"):
            after.units[work.unit.id] = KnownUnit(work.unit, work.capacity)
    return after


def test_contradictions_are_told_by_the_later_row_with_the_earlier_ones_number() -> None:
    rows = [row(1, 1), row(1, 2, site_name="Another"), row(1, 3, org="2"), row(1, 4, nis=""), row(1, 5)]
    result, faults = planned(csv_of(rows))
    assert faults == [(3, "contradiction"), (4, "contradiction")]
    assert [step.work.unit.external_ref for step in result.definitions if hasattr(step.work, "unit")] == [
        "1-1", "1-4", "1-5",
    ]  # fmt: skip


def test_a_unit_named_twice_is_not_taken_at_all() -> None:
    found = read(Asked(io.BytesIO(csv_of([row(1, 1), row(1, 2), row(1, 1, 9)])), MAPPING.encode(), 2**30), ZONE)
    assert [(one.line, one.what, one.facts["first"]) for one in found.gathered.faults] == [(4, "doubled-id", 2)]
    assert set(found.gathered.units) == set(found.gathered.counts) == {"1-2"}


def test_what_a_new_thing_needs() -> None:
    _, faults = planned("u;s;c\nA;1;5\n", HEAD)
    assert faults == [(2, "unknown-shelter")]
    _, faults = planned("u;c\nA;5\n", HEAD.replace('shelter = "s"\n', ""))
    assert faults == [(2, "shelter-missing")]
    _, faults = planned(csv_of([row(1, 1, places="")]))
    assert faults == [(2, "blank-field")]
    _, faults = planned(csv_of([row(1, 1)]), MAPPING.replace('capacity = "places"\n', ""))
    assert faults == [(2, "field-missing")]


def test_blank_is_unknown_and_never_no() -> None:
    head = MAPPING.partition("[count]")[0]
    mapping = head.replace('name = "site name"', 'name = "site name"\nsecret = "counted"') + 'pets = "free"\n'
    result, faults = planned(csv_of([row(1, 1, free="", counted="no")]), mapping)
    assert faults == []
    assert [step.work.unit.pets for step in result.definitions if hasattr(step.work, "unit")] == [None]
    # Nobody learns an address because a cell was blank.
    result, faults = planned(csv_of([row(1, 1, free="yes", counted="")]), mapping)
    assert faults == [(2, "blank-field"), (2, "unknown-shelter")]


def test_translations_constants_and_what_is_otherwise() -> None:
    mapping = HEAD.replace(
        '{ constant = ["men"] }',
        '{ column = "p", values = { H = ["men"], "n/a" = "" }, otherwise = ["women"], blank = ["everyone"] }',
    )
    mapping = mapping.replace('shelter = "s"', 'allotment = { constant = "room" }\nroom_size = { first = ["a", "b"] }')
    mapping += '[shelter]\nid = ["s", "p"]\nname = "s"\ncommune = { constant = 21004 }\noperator = "s"\n'
    text = "u;s;c;p;a;b\n1;x;5;h;;3\n2;y;5;Z;2;3\n3;z;5;;;\n4;q;5;N/A;;\n"
    found = read(Asked(io.BytesIO(text.encode()), mapping.encode(), 2**30), ZONE)
    assert not found.gathered.faults
    told = [found.gathered.units[ref].values for ref in "1234"[:3]]
    assert [one["audience"] for one in told] == [(Admits.MEN,), (Admits.WOMEN,), (Admits.EVERYONE,)]
    assert [one["room_size"] for one in told] == [3, 2, None]
    assert {one["allotment"] for one in told} == {Allotment.ROOM}
    assert set(found.gathered.shelters) == {"x / h", "y / Z", "z", "q / N/A"}
    assert found.gathered.units["4"].values["audience"] == (Admits.EVERYONE,)


def test_rows_that_are_meant() -> None:
    mapping = MAPPING + '[rows]\nonly = { "nis" = ["21002", "21003"] }\nskip = { "unit name" = ["FLOOR 2", ""] }\n'
    rows = [row(site, unit) for site in (0, 1, 2) for unit in (1, 2)] + [row(1, 7, unit_name="")]
    found = read(Asked(io.BytesIO(csv_of(rows)), mapping.encode(), 2**30), ZONE)
    assert set(found.gathered.units) == {"1-1", "2-1"}
    assert (found.gathered.rows, found.gathered.left_out) == (2, 5)


@pytest.mark.parametrize(
    "said, what",
    [
        ({"counted": ""}, "observed-at-missing"),
        ({"counted": "2026-01-16T18:00"}, "in-the-future"),
        ({"free": "76"}, "absurd-count"),
    ],
)
def test_counts_that_cannot_be_meant(said: dict[str, str], what: str) -> None:
    result, faults = planned(csv_of([row(1, 1) | said, row(1, 2)]))
    assert faults == [(2, what)]
    assert len(result.counts) == 1


def test_a_count_is_the_sources_and_of_its_own_time() -> None:
    result, _ = planned(csv_of([row(1, 1, 4)]))
    report: Report = result.counts[0].work
    assert report.reporter.id == result.source
    assert (report.reporter.spoke, report.lines[0].free, report.observed_at) == (
        "feed", 4, datetime(2026, 1, 15, 19, tzinfo=UTC),
    )  # fmt: skip
    again: Report = planned(csv_of([row(1, 1, 4)]))[0].counts[0].work
    other: Report = planned(csv_of([row(1, 1, 5)]))[0].counts[0].work
    assert again.id == report.id != other.id


def test_a_night_that_does_not_go_with_its_count() -> None:
    mapping = MAPPING + 'night = "nis"\n'
    _, faults = planned(
        csv_of([row(1, 1, nis="2026-01-15"), row(2, 1, nis="2026-01-12")]),
        mapping.replace('commune = "nis"', "commune = { constant = 21004 }"),
    )
    assert faults == [(3, "wrong-night")]


def test_fields_that_do_not_go_together() -> None:
    mapping = MAPPING.replace("[count]", 'age_min = "org"\nage_max = "site"\n[count]')
    _, faults = planned(csv_of([row(18, 1, org="65")]), mapping)
    assert faults == [(2, "low-above-high")]
    mapping = MAPPING.replace("[count]", 'room_size = "org"\n[count]')
    _, faults = planned(csv_of([row(1, 1)]), mapping)
    assert faults == [(2, "room-size-of-places")]


def test_too_many_units_are_refused_from_the_row_that_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inventory.importing.gathering.SUBJECTS_MAX", 4)
    result, faults = planned(csv_of([row(1, unit) for unit in range(9)]))
    assert faults == [(6, "too-many")]
    assert len(result.counts) == 4


def test_a_second_file_leaves_alone_what_it_does_not_name() -> None:
    result, _ = planned(csv_of([row(1, 1), row(1, 2)]))
    known = known_after(result)
    (shelter,) = known.shelters.values()
    known.shelters[shelter.id] = replace(shelter, phone="+32 2 000 00 00", languages=("fr",))
    again, faults = planned(csv_of([row(1, 2), row(1, 1)]), MAPPING, known)
    assert (again.changes, faults, dict(again.unchanged)) == ([], [], {"operator": 1, "shelter": 1, "unit": 2})
    changed = MAPPING.replace('"continuing"', '"nightly"')
    again, _ = planned(csv_of([row(1, 2), row(1, 1)]), changed, known)
    assert [one.what for one in again.changes] == [("changed",)] * 2
    assert {one.after["turnover"] for one in again.changes} == {Turnover.NIGHTLY}


def test_i11_a_preview_tells_nothing_of_a_secret_shelter_that_the_file_does_not_say() -> None:
    mapping = MAPPING.replace('commune = "nis"', 'commune = "nis"\naddress = "org"\nsecret = { constant = true }')
    result, _ = planned(csv_of([row(1, 1)]), mapping)
    known = known_after(result)
    (shelter,) = known.shelters.values()
    known.shelters[shelter.id] = replace(shelter, address="1 Hidden Lane")
    # Not even by calling it open in the same file.
    for probe in (mapping, mapping.replace("secret = { constant = true }", "secret = { constant = false }")):
        again, faults = planned(csv_of([row(1, 1, places="2", free="999")]), probe, known)
        told = repr((again.changes, again.faults))
        assert "Hidden" not in told
        assert [dict(one.before) for one in again.changes if one.noun == "unit"] == [{"capacity": "(secret)"}]
        assert set(faults) - {(2, "stays-secret")} == {(2, "absurd-count-there")}
        assert ((2, "stays-secret") in faults) == (probe is not mapping)
        assert "25" not in repr(again.faults)


@pytest.mark.parametrize(
    "text, where",
    [
        ('source = "T"\n[operator]\nid = "x"', "source"),
        ('source = "t"', "mapping"),
        ('source = "t"\n[unit]\nid = "u"\ncapcity = "c"', "unit"),
        ('source = "t"\n[unit]\nname = "u"', "unit"),
        ('source = "t"\n[unit]\nid = "u"\n[count]\nfree = "f"\noccupied = "o"', "count"),
        ('source = "t"\n[operator]\nid = "u"\n[count]\nfree = "f"', "mapping"),
        ('source = "t"\n[unit]\nid = { column = "u", constant = 1 }', "unit.id"),
        ('source = "t"\n[unit]\nid = { column = "u", values = { a = { b = 1 } } }', "unit.id"),
        ('source = "t"\n[unit]\nid = "u"\nabsent = "delete"', "unit.absent"),
        ('source = "t"\n[unit]\nid = "u"\nknown_by = "reference"\nname = "n"', "mapping"),
        ('source = "t"\n[file]\ntimezone = "Brussels"\n[unit]\nid = "u"', "file"),
        ('source = "t"\n[file]\nseparator = ";;"\n[unit]\nid = "u"', "file.separator"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_by_its_place(text: str, where: str) -> None:
    with pytest.raises(Unusable) as caught:
        read_mapping(text.encode())
    assert caught.value.fault.what == "mapping-invalid"
    assert caught.value.fault.facts["where"] == where


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(Unusable) as caught:
        planned("u;s\n1;2\n", HEAD)
    assert caught.value.fault.facts == {"column": "c", "field": "unit.capacity", "columns": "u, s"}


def test_a_sketch_is_a_mapping_that_only_asks_for_what_it_could_not_guess() -> None:
    head = "Unit id;Unit name;Site id;Site name;Operator id;Operator;Commune;Audience;Capacity;Free;Updated"
    text = f"{head}\nA;Ground floor;1;Larch;9;Fir;21004;men;20;3;2026-01-15 20:00\n"
    result, faults = planned(text, sketch(io.BytesIO(text.encode()), "list"))
    assert faults == []
    assert len(result.changes) == 3
    assert len(result.counts) == 1
    strange = "Wohin;Wieviel\nHaus\t;3\n"
    drawn = sketch(io.BytesIO(strange.encode()), "list")
    assert "#   Wohin: Haus" in drawn
    assert drawn.count('id = "?"  # where the file has no number of its own') == 3
    assert "allotment" in drawn
    with pytest.raises(Unusable) as caught:
        planned(strange, drawn)
    assert caught.value.fault.facts["column"] == "?"
