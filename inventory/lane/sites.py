"""Shelters and operators in a batch: locked and loaded only when a definition changes them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import asyncpg

from inventory.lane.rows import unit_of
from inventory.lane.working import Site, Working
from inventory.model.unit import Operator, Shelter
from kernel.postgres import Connection

_LOCK_OPERATORS = "SELECT id FROM operator WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_LOCK_SHELTERS = """
SELECT id FROM shelter WHERE id = ANY($1::uuid[]) OR operator_id = ANY($2::uuid[]) ORDER BY id FOR UPDATE
"""
_UNITS_OF = "SELECT id FROM unit WHERE shelter_id = ANY($1::uuid[]) AND NOT removed"
_OPERATORS = """
SELECT id, region_id, name FROM operator
WHERE region_id = $2 AND (id = ANY($1::uuid[]) OR id IN (SELECT operator_id FROM shelter WHERE id = ANY($3::uuid[])))
"""
_SHELTERS = """
SELECT h.*, j.body AS board_body
FROM shelter h
LEFT JOIN subject b ON b.id = h.id
LEFT JOIN journal j ON j.region_id = b.region_id AND j.seq = b.seq
WHERE h.region_id = $3 AND (h.id = ANY($1::uuid[]) OR h.operator_id = ANY($2::uuid[]))
"""
_TAKEN = """
SELECT id, 'operator' AS kind, region_id FROM operator WHERE id = ANY($1::uuid[])
UNION ALL SELECT id, 'shelter', region_id FROM shelter WHERE id = ANY($1::uuid[])
UNION ALL SELECT id, 'unit', region_id FROM unit WHERE id = ANY($1::uuid[])
"""
_ABOUT_UNITS = "SELECT * FROM unit WHERE shelter_id = ANY($1::uuid[]) AND NOT removed"


async def lock_sites(connection: Connection, operators: set[UUID], shelters: set[UUID], units: set[UUID]) -> None:
    """Lock operators, then shelters; name all their units, whose bodies may change with them."""
    await connection.execute(_LOCK_OPERATORS, sorted(operators))
    rows = await connection.fetch(_LOCK_SHELTERS, sorted(shelters), sorted(operators))
    units.update(row["id"] for row in await connection.fetch(_UNITS_OF, [row["id"] for row in rows]))


async def load_sites(
    connection: Connection,
    operators: Collection[UUID],
    shelters: Collection[UUID],
    units: Collection[UUID],
    working: Working,
) -> None:
    rows = await connection.fetch(_OPERATORS, list(operators), working.region_id, list(shelters))
    working.operators = {row["id"]: Operator(**dict(row)) for row in rows}
    for row in await connection.fetch(_SHELTERS, list(shelters), list(operators), working.region_id):
        site = Site(
            shelter_of(row),
            working.operators[row["operator_id"]],
            before=row["board_body"].encode() if row["board_body"] else None,
        )
        working.sites[row["id"]] = site
    for row in await connection.fetch(_TAKEN, [*operators, *shelters, *units]):
        working.taken[row["id"]] = row["kind"] if row["region_id"] == working.region_id else "elsewhere"
    for row in await connection.fetch(_ABOUT_UNITS, list(working.sites)):
        working.sites[row["shelter_id"]].units[row["id"]] = unit_of(row)


def shelter_of(row: asyncpg.Record) -> Shelter:
    return Shelter(
        id=row["id"],
        region_id=row["region_id"],
        operator_id=row["operator_id"],
        name=row["name"],
        commune=row["commune"],
        secret=row["secret"],
        invented=row["invented"],
        closed=row["closed"],
        address=row["address"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        phone=row["phone"],
        languages=tuple(row["languages"]),
        opens=row["opens"],
        closes=row["closes"],
        intake_from=row["intake_from"],
        intake_to=row["intake_to"],
        external_ref=row["external_ref"],
    )
