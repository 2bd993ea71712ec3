"""Real files, each with a mapping written here: a city's daily shelters, hourly emergency rooms, and HSDS' examples."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.integration.inventory.conftest import Place
from tests.support.importing import Importing, changes, faults

TORONTO = """
source = "toronto"
[file]
timezone = "America/Toronto"
[rows]
only = { OCCUPANCY_DATE = ["2024-03-31"] }
[operator]
id = "ORGANIZATION_ID"
name = "ORGANIZATION_NAME"
[shelter]
id = { first = ["LOCATION_ID", "LOCATION_NAME"] }
name = { first = ["LOCATION_NAME", "SHELTER_GROUP"] }
# A women's refuge has neither name nor address in this file, and some hotels have no address: none is shown.
secret = { column = "LOCATION_ADDRESS", values = { "" = "yes" }, otherwise = "no" }
commune = { column = "LOCATION_CITY", values = { "North York" = "north-york" }, blank = "unknown" }
address = ["LOCATION_ADDRESS", "LOCATION_POSTAL_CODE"]
[unit]
id = "PROGRAM_ID"
name = "PROGRAM_NAME"
audience = { column = "SECTOR", values = { "Mixed Adult" = ["men", "women"], Youth = ["everyone"] } }
capacity = { first = ["CAPACITY_FUNDING_BED", "CAPACITY_FUNDING_ROOM"] }
allotment = { column = "CAPACITY_TYPE", values = { "Bed Based Capacity" = "place", "Room Based Capacity" = "room" } }
turnover = { constant = "continuing" }
absent = "close"
[count]
free = { first = ["UNOCCUPIED_BEDS", "UNOCCUPIED_ROOMS"] }
out_of_service = { first = ["UNAVAILABLE_BEDS", "UNAVAILABLE_ROOMS"] }
observed_at = { column = "OCCUPANCY_DATE", time = 04:00:00, days_later = 1 }
night = "OCCUPANCY_DATE"
"""
QUEBEC = """
source = "quebec-er"
[file]
timezone = "America/Toronto"
[rows]
skip = { Nom_installation = ["Total régional", "Ensemble du Québec"] }
[operator]
id = "Nom_etablissement"
name = "Nom_etablissement"
[shelter]
id = "No_permis_installation"
name = "Nom_installation"
commune = "RSS"
[unit]
id = "No_permis_installation"
name = { constant = "Urgence" }
audience = { constant = ["everyone"] }
capacity = { column = "Nombre_de_civieres_fonctionnelles", values = { "pas d'information disponible" = "" }, blank = 0 }
[count]
occupied = { column = "Nombre_de_civieres_occupees", values = { "pas d'information disponible" = "" } }
observed_at = "Mise_a_jour"
"""
HSDS = """
source = "hsds"
[unit]
id = "id"
shelter = "service_id"
name = { first = ["description", "id"] }
audience = { constant = ["everyone"] }
capacity = "maximum"
[count]
free = "available"
observed_at = "updated"
"""
HSDS_SITES = """
source = "hsds"
[operator]
id = "organization_id"
name = { constant = "Example Organization Inc." }
[shelter]
id = { constant = "f75b808e-7bdb-11ef-afaa-ab00a77dc5c4" }
name = "name"
commune = { constant = "unknown" }
invented = { constant = "yes" }
"""


@pytest.fixture
def importing(place: Place) -> Importing:
    return Importing(place.lane, place.pool, place.region_id)


async def test_a_citys_daily_shelters(importing: Importing, shared_data: Path) -> None:
    data = (shared_data / "toronto-shelters/2024-snap-0331.csv").read_bytes()
    shown = await importing.preview(data, TORONTO)
    assert faults(shown) == []
    assert shown.read.gathered.left_out == 12_276 - shown.read.gathered.rows
    units = [one for one in changes(shown) if one[0] == "unit"]
    assert len(units) == len(shown.plan.counts) == shown.read.gathered.rows > 120
    assert await importing.apply(data, TORONTO) == {"applied": len(units)}
    assert (await importing.preview(data, TORONTO)).changes_nothing
    # Eleven days before, by the snapshot of then: by id, some were called otherwise, and some were there that are gone.
    before = (shared_data / "toronto-shelters/2024-snap-0320.csv").read_bytes()
    earlier = TORONTO.replace("2024-03-31", "2024-03-20")
    shown = await importing.preview(before, earlier)
    assert faults(shown) == []
    assert {("new",), ("renamed",)} <= {what for noun, _, what in changes(shown) if noun == "unit"}
    assert shown.plan.older > 100
    await importing.apply(before, earlier)
    again = await importing.preview(data, TORONTO)
    assert ("vanished", "closed") in {what for noun, _, what in changes(again) if noun == "unit"}
    # Late counts are kept and do not stand: what was free on the 31st is free.
    assert again.plan.told_before == len(units)


async def test_an_hour_of_emergency_rooms(importing: Importing, shared_data: Path) -> None:
    with tarfile.open(shared_data / "quebec-er/raw_2024-01_hourly_official_csv.tar.gz") as hours:
        names = sorted(name for name in hours.getnames() if name.endswith(".csv"))
        first, second = (_bytes(hours, name) for name in names[:2])
    shown = await importing.preview(first, QUEBEC)
    assert (shown.read.shape.encoding, shown.read.shape.separator) == ("cp1252", ",")
    assert "Nombre_de_civieres_fonctionnelles" in shown.read.shape.columns
    # What is over three times its capacity is believed of no unit; everything else is taken.
    assert {what for _, what in faults(shown)} <= {"absurd-count"}
    units = [one for one in changes(shown) if one[0] == "unit"]
    assert len(units) > 100
    assert "HÔPITAL DE MATANE" in {one.name for one in shown.plan.changes}
    assert sum((await importing.apply(first, QUEBEC)).values()) > 90
    assert (await importing.preview(first, QUEBEC)).plan.counts == []
    later = await importing.preview(second, QUEBEC)
    assert {what for noun, _, what in changes(later) if noun == "unit"} <= {("changed",), ("vanished",)}


def _bytes(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    assert member is not None
    return member.read()


async def test_hsds_examples(importing: Importing, shared_data: Path) -> None:
    folder = shared_data / "hsds/examples/csv"
    # The example's site is at latitude 100: refused by its number, were it mapped.
    sites = (folder / "locations.csv").read_bytes()
    wrong = await importing.preview(sites, HSDS_SITES + 'latitude = "latitude"\n')
    assert faults(wrong) == [(2, "out-of-bounds")]
    await importing.apply(sites, HSDS_SITES)
    data = (folder / "service_capacity.csv").read_bytes()
    shown = await importing.preview(data, HSDS)
    assert faults(shown) == []
    assert changes(shown) == [("unit", "8896b788-7b3e-11ef-8db9-7f3d040352b3", ("new",))]
    # 12 available of 10: real files do it, and it is accepted.
    assert await importing.apply(data, HSDS) == {"applied": 1}
    assert await importing.pool.fetchval("SELECT count_free FROM unit_state") == 12
