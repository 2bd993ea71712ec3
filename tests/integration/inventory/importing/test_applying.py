"""An import is applied whole or not at all, twice without effect, and matches by ids alone (I1, I8, I10)."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from inventory.defining import CloseUnit, DefineOperator, DefineShelter, DefineUnit, RemoveUnit
from inventory.importing.applying import Import
from inventory.importing.naming import id_of
from inventory.importing.previewing import apply, check_digest
from inventory.importing.problems import ImportChanged, ImportRefused
from inventory.lane.past import load_past
from inventory.lane.working import SYSTEM, Working
from inventory.model.counting import Spoke
from inventory.model.unit import Operator
from inventory.reporting import Reporter
from tests.integration.inventory.conftest import Place
from tests.support.importing import MAPPING, Importing, changes, faults, row

CLOSING = MAPPING.replace("[count]", 'absent = "close"\n[count]').replace("[unit]\n", "[unit]\n")
ROWS = [row(site, unit) for site in range(4) for unit in range(3)]


@pytest.fixture
def importing(place: Place) -> Importing:
    return Importing(place.lane, place.pool, place.region_id)


async def tables(importing: Importing) -> list[tuple[object, ...]]:
    """Everything an import may write, but for the times of writing."""
    found: list[tuple[object, ...]] = []
    for query in (
        "SELECT id, name, defined_at FROM operator",
        "SELECT id, name, commune, operator_id, external_ref, defined_at FROM shelter",
        "SELECT id, name, shelter_id, audience, external_ref, defined_at FROM unit",
        "SELECT unit_id, status, free, capacity, closed, count_at, count_report, reports FROM unit_state",
        "SELECT id FROM report",
        "SELECT max(seq) FROM journal",
    ):
        found += sorted((tuple(row.values()) for row in await importing.pool.fetch(query)), key=str)
    return found


async def test_all_of_a_file_is_there_at_once(importing: Importing) -> None:
    shown = await importing.preview(ROWS)
    assert faults(shown) == []
    assert await tables(importing) == await tables(importing)
    batches = await importing.pool.fetchval("SELECT count(DISTINCT batch) FROM journal")
    assert await apply(importing.lane, shown) == {"applied": 12}
    assert await importing.pool.fetchval("SELECT count(DISTINCT batch) FROM journal") == batches + 1
    states = await importing.pool.fetch("SELECT free, count_spoke, count_at FROM unit_state")
    assert {(state["free"], state["count_spoke"]) for state in states} == {(3, "feed")}
    # 20:00 on the region's clock, and not the time of the import (I8).
    assert {state["count_at"].isoformat() for state in states} == {"2026-01-15T19:00:00+00:00"}


async def test_a_file_applied_twice_changes_nothing_and_makes_nothing_fresh(importing: Importing) -> None:
    await importing.apply(ROWS)
    before = await tables(importing)
    shown = await importing.preview(ROWS)
    assert (changes(shown), shown.plan.told_before, shown.changes_nothing) == ([], 12, True)
    assert shown.plan.unchanged == {"operator": 3, "shelter": 4, "unit": 12}
    assert await importing.apply(ROWS) == {}
    # Even the very works, sent again, are the same reports and the same definitions.
    await importing.apply([*reversed(ROWS)])
    assert await tables(importing) == before


async def test_a_second_file_renames_moves_changes_and_tells_what_vanished(importing: Importing) -> None:
    await importing.apply(ROWS)
    second = [row(site, unit) for site in range(4) for unit in range(3) if (site, unit) != (3, 2)]
    second = [cells | {"site name": "Maison Neuve"} if cells["site"] == "1" else cells for cells in second]
    second = [cells | {"nis": "21019"} if cells["site"] == "2" else cells for cells in second]
    second[0] |= {"places": "30", "free": "7", "counted": "2026-01-15T21:00"}
    shown = await importing.preview(list(reversed(second)))
    assert sorted(changes(shown)) == [
        ("shelter", "1", ("renamed",)),
        ("shelter", "2", ("moved",)),
        ("unit", "0-0", ("changed",)),
        ("unit", "3-2", ("vanished",)),
    ]
    assert len(shown.plan.counts) == 1
    await importing.apply(second)
    names = await importing.pool.fetch("SELECT external_ref, name, commune FROM shelter WHERE external_ref IS NOT NULL")
    assert {one["external_ref"]: (one["name"], one["commune"]) for one in names} == {
        "0": ("House 0 (invented)", "21001"),
        "1": ("Maison Neuve", "21002"),
        "2": ("House 2 (invented)", "21019"),
        "3": ("House 3 (invented)", "21004"),
    }
    state = await importing.pool.fetchrow(
        "SELECT capacity, free FROM unit_state s JOIN unit u ON u.id = s.unit_id WHERE u.external_ref = '0-0'"
    )
    assert state is not None
    assert tuple(state) == (30, 7)


async def test_units_that_vanish_are_closed_where_the_mapping_says_so_and_come_back(importing: Importing) -> None:
    async def closed() -> set[str]:
        found = await importing.pool.fetch(
            "SELECT u.external_ref FROM unit u JOIN unit_state s ON s.unit_id = u.id WHERE s.closed"
        )
        return {one["external_ref"] for one in found}

    await importing.apply(ROWS, CLOSING)
    shown = await importing.preview(ROWS[:-2], CLOSING)
    assert changes(shown) == [("unit", "3-1", ("vanished", "closed")), ("unit", "3-2", ("vanished", "closed"))]
    await importing.apply(ROWS[:-2], CLOSING)
    assert await closed() == {"3-1", "3-2"}
    # A person closes another one. The file brings back what it closed, and not what a person closed.
    by_hand = id_of(importing.region_id, "test", "unit", "0-0")
    await importing.lane.submit(CloseUnit(by_hand, SYSTEM, closed=True))
    assert changes(await importing.preview(ROWS, CLOSING)) == [
        ("unit", "3-1", ("reopened",)),
        ("unit", "3-2", ("reopened",)),
    ]
    await importing.apply(ROWS, CLOSING)
    assert await closed() == {"0-0"}


async def test_a_row_that_cannot_be_meant_closes_nothing(importing: Importing) -> None:
    await importing.apply(ROWS, CLOSING)
    bad = [*ROWS[:-2], ROWS[-2] | {"places": "many"}]
    shown = await importing.preview(bad, CLOSING)
    # 3-1 was there, and cannot be read; 3-2 is gone.
    assert changes(shown) == [("unit", "3-2", ("vanished", "closed"))]
    nameless = [*ROWS[:-2], ROWS[-2] | {"unit": ""}]
    shown = await importing.preview(nameless, CLOSING)
    assert (faults(shown), shown.plan.kept_open) == ([(12, "blank-id")], 2)
    assert {what for _, _, what in changes(shown)} == {("vanished",)}
    # A file without rows would otherwise close everything.
    empty = await importing.preview(ROWS[:0], CLOSING)
    assert (faults(empty), empty.plan.turns) == ([(None, "no-rows")], [])


async def test_a_refusal_in_the_midst_leaves_nothing_behind(importing: Importing) -> None:
    before = await tables(importing)
    shown = await importing.preview(ROWS)
    plan = shown.plan
    step = plan.counts[7]
    line = replace(step.work.lines[0], free=9_000)
    broken = replace(step, work=replace(step.work, lines=(line,)))
    steps = tuple(broken if one is step else one for one in plan.steps)
    with pytest.raises(ImportRefused) as refused:
        await importing.lane.submit(Import(plan.source, steps))
    assert refused.value.facts == {"line": step.line, "problem": "absurd-count"}
    assert await tables(importing) == before
    # The lane goes on.
    assert await apply(importing.lane, shown) == {"applied": 12}


async def test_neighbours_in_the_queue_are_not_touched_by_a_refused_import(importing: Importing) -> None:
    shown = await importing.preview(ROWS)
    operator = Operator(id=shown.plan.source, region_id=importing.region_id, name="A neighbour (invented)")
    taken = replace(operator, id=id_of(importing.region_id, "test", "operator", "0"), name="Somebody else (invented)")
    outcomes = await importing.lane.submit_all(
        [
            DefineOperator(operator, SYSTEM),
            DefineOperator(taken, SYSTEM),
            Import(shown.plan.source, shown.plan.steps),
            DefineOperator(replace(operator, name="The neighbour (invented)"), SYSTEM),
        ],
        bulk=False,
    )
    assert [isinstance(outcome, ImportChanged) for outcome in outcomes] == [False, False, True, False]
    assert await importing.pool.fetchval("SELECT count(*) FROM unit") == 0
    assert await importing.pool.fetchval("SELECT name FROM operator WHERE id = $1", operator.id) == (
        "The neighbour (invented)"
    )


async def test_what_somebody_changed_since_the_preview_is_not_written_over(importing: Importing) -> None:
    await importing.apply(ROWS)
    second = [cells | {"site name": f"{cells['site name']} bis"} for cells in ROWS]
    shown = await importing.preview(second)
    shelter_id = id_of(importing.region_id, "test", "shelter", "1")
    planned = next(step for step in shown.plan.definitions if step.work.shelter.id == shelter_id)
    by_hand = replace(planned.before, phone="+32 2 000 00 00")  # type: ignore[type-var]
    await importing.lane.submit(DefineShelter(by_hand, SYSTEM))  # type: ignore[arg-type]
    with pytest.raises(ImportChanged):
        await apply(importing.lane, shown)
    anew = await importing.preview(second)
    with pytest.raises(ImportChanged):
        check_digest(await importing.preview([ROWS[0] | {"unit name": "Cellar"}]), anew.digest)
    check_digest(anew, anew.digest)
    await apply(importing.lane, anew)
    # What the mapping does not name stays as somebody said it.
    found = await importing.pool.fetchrow("SELECT name, phone FROM shelter WHERE id = $1", shelter_id)
    assert found is not None
    assert tuple(found) == ("House 1 (invented) bis", "+32 2 000 00 00")


async def test_a_capacity_that_changed_since_the_preview_is_not_written_over(importing: Importing) -> None:
    await importing.apply(ROWS)
    mapping = MAPPING.replace('capacity = "places"\n', "")
    renamed = [ROWS[0] | {"unit name": "Cellar"}, *ROWS[1:]]
    shown = await importing.preview(renamed, mapping)
    (planned,) = shown.plan.definitions
    await importing.lane.submit(DefineUnit(planned.before, 31, SYSTEM))  # type: ignore[arg-type]
    with pytest.raises(ImportChanged):
        await apply(importing.lane, shown)
    await importing.apply(renamed, mapping)
    found = await importing.pool.fetchrow(
        "SELECT u.name, s.capacity FROM unit u JOIN unit_state s ON s.unit_id = u.id WHERE u.id = $1",
        planned.work.unit.id,
    )
    assert found is not None
    assert tuple(found) == ("Cellar", 31)


async def test_a_busy_processor_does_not_end_a_large_import(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postgres ends what thinks for a second; reading in what a large file touches may take that long."""

    async def slowly(*told: Any) -> None:
        time.sleep(1.5)  # noqa: ASYNC251 -- a processor that others use is not the event loop's to give
        await load_past(*told)

    monkeypatch.setattr("inventory.lane.loading.load_past", slowly)
    assert await importing.apply(ROWS) == {"applied": 12}


async def test_an_older_list_is_kept_whole_however_much_is_told_anew_for_it(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere in the lane what does not fit comes again; an import has no part that could."""

    def counted(clock: str, free: int) -> list[dict[str, str]]:
        return [cells | {"free": str(free), "counted": f"2026-01-15T{clock}"} for cells in ROWS]

    for clock, free in (("20:00", 3), ("20:30", 4), ("21:00", 5)):
        await importing.apply(counted(clock, free))

    monkeypatch.setattr("inventory.lane.writer.Working", partial(Working, retold_max=1))
    assert await importing.apply(counted("20:45", 9)) == {"superseded": 12}
    assert await importing.pool.fetchval("SELECT sum(free) FROM unit_state") == 5 * len(ROWS)


async def test_a_unit_never_changes_its_shelter(importing: Importing) -> None:
    await importing.apply(ROWS)
    moved = [cells | {"site": "1", "site name": "House 1 (invented)", "nis": "21002", "org": "1",
                      "org name": "Operator 1 (invented)", "unit name": "Attic"}
             if cells["unit"] == "0-2" else cells for cells in ROWS]  # fmt: skip
    shown = await importing.preview(moved)
    assert faults(shown) == [(4, "unit-moved")]
    assert changes(shown) == [("unit", "0-2", ("renamed",))]
    await importing.apply(moved)
    where = await importing.pool.fetchrow("SELECT name, shelter_id FROM unit WHERE external_ref = '0-2'")
    assert where is not None
    assert tuple(where) == ("Attic", id_of(importing.region_id, "test", "shelter", "0"))


async def test_a_file_of_counts_alone_speaks_of_units_that_are_known(importing: Importing, place: Place) -> None:
    await importing.apply(ROWS)
    counts = """
    source = "test"
    [unit]
    id = "unit"
    [count]
    occupied = "taken"
    out_of_service = "broken"
    observed_at = "when"
    """
    text = b"unit;taken;broken;when\n0-0;20;2;16/01/2026 21:00\n0-1;30;;16/01/2026 21:00\n9-9;1;;16/01/2026 21:00\n"
    shown = await importing.preview(text, counts)
    assert faults(shown) == [(4, "unknown-unit")]
    assert await importing.apply(text, counts) == {"applied": 2}
    found = await importing.pool.fetch(
        "SELECT u.external_ref, s.free, s.over_by, s.out_of_service FROM unit u JOIN unit_state s ON s.unit_id = u.id "
        "WHERE u.external_ref IN ('0-0', '0-1') ORDER BY 1"
    )
    assert [(one["free"], one["over_by"]) for one in found] == [(3, 0), (0, 5)]
    assert '"places":2' in found[0]["out_of_service"]
    # Units that were defined by hand are found by their reference, where the mapping says so.
    unit_id = await place.unit(external_ref="by-hand")
    by_reference = counts.replace("[unit]", '[unit]\nknown_by = "reference"')
    text = b"unit;taken;broken;when\nby-hand;24;;16/01/2026 21:00\n"
    assert await importing.apply(text, by_reference) == {"applied": 1}
    assert (await place.state(unit_id))["free"] == 1


async def test_a_person_is_not_overruled_by_a_list(importing: Importing, place: Place) -> None:
    await importing.apply(ROWS)
    unit_id = id_of(importing.region_id, "test", "unit", "0-0")
    shelter_id = id_of(importing.region_id, "test", "shelter", "0")
    report = place.make_report(unit_id, 1, by=Reporter(SYSTEM, Spoke.PERSON))
    await importing.lane.submit(replace(report, shelter_id=shelter_id))
    shown = await importing.preview([ROWS[0] | {"free": "9", "counted": "2026-01-15T22:00"}, *ROWS[1:]])
    assert shown.plan.older == 1
    await apply(importing.lane, shown)
    assert (await place.state(unit_id))["free"] == 1


async def test_a_unit_taken_off_by_hand_comes_back_when_a_file_names_it(importing: Importing) -> None:
    await importing.apply(ROWS)
    await importing.lane.submit(RemoveUnit(id_of(importing.region_id, "test", "unit", "0-0"), SYSTEM))
    assert changes(await importing.preview(ROWS)) == [("unit", "0-0", ("new",))]
    await importing.apply(ROWS)
    assert changes(await importing.preview(ROWS)) == []


async def test_two_sources_and_two_things_of_one_name_are_kept_apart(importing: Importing) -> None:
    await importing.apply(ROWS)
    other = MAPPING.replace('source = "test"', 'source = "other"')
    shown = await importing.preview(ROWS, other)
    assert {what for _, _, what in changes(shown)} == {("new",)}
    await importing.apply(ROWS, other)
    assert await importing.pool.fetchval("SELECT count(*) FROM unit") == 24
