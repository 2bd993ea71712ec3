"""A tiny month of invented files in the formats of Toronto's: occupancy, calls by wrap-up code, flow by group."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

from tests.support.toronto import row, text_of

FIRST = date(2024, 1, 1)
# By programme: sector, capacity, and what else its row says. The women's house withholds its address.
_PROGRAMMES: dict[str, tuple[str, int, dict[str, str]]] = {
    "1": ("Men", 30, {}),
    "2": ("Women", 20, {"LOCATION_ADDRESS": "", "LOCATION_ID": "20", "LOCATION_NAME": "Rowan House"}),
    "3": ("Mixed Adult", 40, {"LOCATION_ID": "30", "LOCATION_NAME": "Alder House"}),
    "4": ("Families", 25, {"LOCATION_ID": "40", "LOCATION_NAME": "Birch House"}),
    "5": ("Youth", 15, {"LOCATION_ID": "50", "LOCATION_NAME": "Hazel House"}),
    "6": ("Men", 10, {"PROGRAM_MODEL": "Transitional"}),
}
CALLS = (
    "_id,Date,Code 1A - Referral,Code 1B - Transfer,Code 1D - Declined,Code 3A - Unavailable - Family,"
    "Code 3B - Unavailable - Others,Code 3C - Follow-up"
)
_FLOW = (
    "_id,date(mmm-yy),population_group,moved_to_housing,became_inactive,actively_homeless,gender_male,gender_female,"
    '"gender_transgender,non-binary_or_two_spirit"'
)
_GROUPS = ("Families,20,10,400,180,220,0", "Youth,10,10,150,80,60,10", "Single Adult,60,60,800,500,280,20")


def write_month(folder: Path, nights: int = 4, seed: int = 0) -> Path:
    """Write so many nights and the day before them; of families, rooms, with three people in each."""
    rng = random.Random(seed)
    days = [FIRST + timedelta(days=nth) for nth in range(nights + 1)]
    rows = [_row(str(day), id, rng) for day in days for id in _PROGRAMMES]
    (folder / "2024-snap-0110.csv").write_text(text_of(rows), "utf-8")
    # They end with the year before, so that the last night of the month is answered by calls of five weeks before.
    called = [date(2023, 11, 27) + timedelta(days=nth) for nth in range(35)]
    volumes = [
        f"{rng.randint(4, 9)},1,{rng.randint(0, 2)},{rng.randint(3, 8)},{rng.randint(10, 25)},99" for _ in called
    ]
    lines = [CALLS, *(f"{nth},{day},{calls}" for nth, (day, calls) in enumerate(zip(called, volumes, strict=True)))]
    (folder / "central-intake-wrapup-codes.csv").write_text("\n".join(lines), "utf-8")
    flow = [_FLOW, *(f"{nth},Jan-24,{group}" for nth, group in enumerate(_GROUPS))]
    (folder / "shelter-system-flow-2018-2025.csv").write_text("\n".join(flow), "utf-8")
    return folder


def _row(day: str, id: str, rng: random.Random) -> dict[str, str]:
    sector, capacity, cells = _PROGRAMMES[id]
    rooms, free = sector == "Families", rng.randint(0, 4)
    people = (capacity - free) * (3 if rooms else 1)
    return row(day, id, f"{capacity}/{free}/0", rooms=rooms, SECTOR=sector, SERVICE_USER_COUNT=people, **cells)


def calls_of(folder: Path, day: date) -> dict[str, int]:
    with (folder / "central-intake-wrapup-codes.csv").open(encoding="utf-8") as lines:
        (found,) = (one for one in csv.DictReader(lines) if one["Date"] == str(day))
    return {name[5:7]: int(found[name]) for name in found if name.startswith("Code")}
