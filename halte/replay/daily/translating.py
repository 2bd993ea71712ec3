"""Toronto's words in ours. Each choice is explained in docs/replay.md; a word that is not known is read cautiously."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from halte.replay.daily.reading import Programme
from inventory.model.unit import Admits, Allotment, Regime, Turnover

# Sector -> for whom, and the ages where the sector is defined by them: youth services are for 16 to 24.
_AUDIENCES: dict[str, tuple[tuple[Admits, ...], int | None, int | None]] = {
    "men": ((Admits.MEN,), None, None),
    "women": ((Admits.WOMEN,), None, None),
    "families": ((Admits.FAMILIES,), None, None),
    "mixed adult": ((Admits.MEN, Admits.WOMEN), 18, None),
    "youth": ((Admits.EVERYONE,), 16, 24),
}
_UNKNOWN_AUDIENCE = ((Admits.EVERYONE,), None, None)

# Services that give a place for a night. In all others somebody keeps theirs until they leave.
_NIGHTLY = {"24-hour respite site", "24-hour women's drop-in", "warming centre", "alternative space protocol"}


def is_refuge(programme: Programme) -> bool:
    """Say whether an address is withheld to protect: there are other reasons for a blank one, but not for women."""
    return programme.sector.lower() == "women" and not programme.address


def unit_body(programme: Programme, shelter: UUID) -> dict[str, Any]:
    """Return what PUT /units takes, but for the capacity."""
    audience, age_min, age_max = _AUDIENCES.get(programme.sector.lower(), _UNKNOWN_AUDIENCE)
    transitional = programme.model.lower() == "transitional"
    nightly = programme.service.lower() in _NIGHTLY
    return {
        "shelter": str(shelter),
        "name": programme.name or f"Programme {programme.id}",
        "audience": [one.value for one in audience],
        "age_min": age_min,
        "age_max": age_max,
        "allotment": (Allotment.ROOM if programme.rooms else Allotment.PLACE).value,
        # Transitional programmes admit by referral; emergency ones take whoever comes.
        "regime": (Regime.ADMISSION if transitional else Regime.NIGHT).value,
        "turnover": (Turnover.NIGHTLY if nightly else Turnover.CONTINUING).value,
        "surge": programme.area.lower() == "winter programs",
        "external_ref": programme.id,
    }
