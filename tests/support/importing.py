"""An invented list of shelters as a file, and a region to import it into."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from inventory.importing.previewing import Asked, Preview, apply, check_digest, preview
from inventory.lane.working import SYSTEM
from kernel.lane import Lane
from kernel.postgres import Pool

ZONE = ZoneInfo("Europe/Brussels")
COLUMNS = ("org", "org name", "site", "site name", "nis", "unit", "unit name", "for", "places", "free", "counted")
MAPPING = """
source = "test"
[operator]
id = "org"
name = "org name"
[shelter]
id = "site"
name = "site name"
commune = "nis"
invented = { constant = true }
[unit]
id = "unit"
name = "unit name"
audience = { column = "for", values = { Hommes = ["men"], Femmes = ["women"], Tous = ["everyone"] } }
capacity = "places"
turnover = { constant = "continuing" }
[count]
free = "free"
observed_at = "counted"
"""
COUNTED = "2026-01-15T20:00"


def row(site: int, unit: int, free: int | str = 3, **said: str) -> dict[str, str]:
    """One unit of an invented list; `said` overrides, with _ for the blank in a column's name."""
    cells = {
        "org": str(site % 3), "org name": f"Operator {site % 3} (invented)", "site": str(site),
        "site name": f"House {site} (invented)", "nis": f"210{site % 19 + 1:02}", "unit": f"{site}-{unit}",
        "unit name": f"Floor {unit}", "for": ("Hommes", "Femmes", "Tous")[unit % 3], "places": "25",
        "free": str(free), "counted": COUNTED,
    }  # fmt: skip
    return cells | {name.replace("_", " "): value for name, value in said.items()}


def csv_of(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = COLUMNS, separator: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=separator, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@dataclass(slots=True)
class Importing:
    """A region that files are imported into."""

    lane: Lane
    pool: Pool
    region_id: UUID

    async def preview(
        self, data: bytes | Sequence[Mapping[str, str]], mapping: str = MAPPING, observed_at: datetime | None = None
    ) -> Preview:
        raw = data if isinstance(data, bytes) else csv_of(data)
        asked = Asked(io.BytesIO(raw), mapping.encode(), 2**30, observed_at)
        return await preview(self.pool, self.region_id, ZONE, asked, SYSTEM)

    async def apply(self, data: bytes | Sequence[Mapping[str, str]], mapping: str = MAPPING) -> dict[str, int]:
        """Preview and apply what was shown; rows that cannot be meant are left out."""
        shown = await self.preview(data, mapping)
        check_digest(shown, shown.digest)
        return dict(await apply(self.lane, shown))


def changes(shown: Preview) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.noun, one.ref, one.what) for one in shown.plan.changes]


def faults(shown: Preview) -> list[tuple[int | None, str]]:
    return [(fault.line, fault.what) for fault in shown.faults]
