"""Small files in the City of Toronto's format, written row by row.

All names in them are invented.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

_HEADER = (
    "_id,OCCUPANCY_DATE,ORGANIZATION_ID,ORGANIZATION_NAME,SHELTER_ID,SHELTER_GROUP,LOCATION_ID,LOCATION_NAME,"
    "LOCATION_ADDRESS,LOCATION_POSTAL_CODE,LOCATION_CITY,LOCATION_PROVINCE,PROGRAM_ID,PROGRAM_NAME,SECTOR,"
    "PROGRAM_MODEL,OVERNIGHT_SERVICE_TYPE,PROGRAM_AREA,SERVICE_USER_COUNT,CAPACITY_TYPE,CAPACITY_ACTUAL_BED,"
    "CAPACITY_FUNDING_BED,OCCUPIED_BEDS,UNOCCUPIED_BEDS,UNAVAILABLE_BEDS,CAPACITY_ACTUAL_ROOM,CAPACITY_FUNDING_ROOM,"
    "OCCUPIED_ROOMS,UNOCCUPIED_ROOMS,UNAVAILABLE_ROOMS,OCCUPANCY_RATE_BEDS,OCCUPANCY_RATE_ROOMS"
)
COLUMNS = _HEADER.split(",")

_DEFAULTS = {
    "ORGANIZATION_ID": "1",
    "ORGANIZATION_NAME": "Larch Society",
    "LOCATION_ID": "10",
    "LOCATION_NAME": "Larch House",
    "LOCATION_ADDRESS": "1 Larch St",
    "LOCATION_POSTAL_CODE": "M1M 1M1",
    "LOCATION_CITY": "North York",
    "LOCATION_PROVINCE": "ON",
    "SECTOR": "Mixed Adult",
    "PROGRAM_MODEL": "Emergency",
    "OVERNIGHT_SERVICE_TYPE": "Shelter",
    "PROGRAM_AREA": "Base Shelter and Overnight Services System",
}


def row(
    day: str, programme: object, numbers: str = "10/4/1", *, rooms: bool = False, **cells: object
) -> dict[str, str]:
    """Return one row; `numbers` are capacity/free/out of service, and any cell may be given by its name."""
    kind = "ROOM" if rooms else "BED"
    names = (f"CAPACITY_FUNDING_{kind}", f"UNOCCUPIED_{kind}S", f"UNAVAILABLE_{kind}S")
    counted = dict(zip(names, numbers.split("/"), strict=False))
    named = {"OCCUPANCY_DATE": day, "PROGRAM_ID": str(programme), "PROGRAM_NAME": f"Programme {programme}"}
    kinds = {"CAPACITY_TYPE": "Room Based Capacity" if rooms else "Bed Based Capacity"}
    return _DEFAULTS | named | kinds | counted | {name: str(value) for name, value in cells.items()}


def text_of(rows: Iterable[dict[str, str]], columns: Iterable[str] = COLUMNS) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(columns), restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def cut(text: str, line: int) -> str:
    """Break a line off in the middle, header or row: the columns are then fewer, and none can be told."""
    lines = text.splitlines(keepends=True)
    lines[line] = lines[line][: len(lines[line]) // 2] + "\r\n"
    return "".join(lines)
