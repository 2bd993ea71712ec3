"""What the region has: operators, shelters, units. Attributes only; how many are free is in state.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from uuid import UUID

# A site holds hundreds, a crisis hall thousands. More than this in one unit is a slip of the finger.
PLACES_MAX = 10_000


class Regime(StrEnum):
    NIGHT = "night"
    ADMISSION = "admission"


class Turnover(StrEnum):
    """Whether places empty at noon (nightly) or people stay until they leave (continuing)."""

    NIGHTLY = "nightly"
    CONTINUING = "continuing"


class Allotment(StrEnum):
    PLACE = "place"
    ROOM = "room"


class Admits(StrEnum):
    """Whom a unit is for; a unit may name several."""

    MEN = "men"
    WOMEN = "women"
    FAMILIES = "families"
    MINORS = "minors"
    EVERYONE = "everyone"


class Tolerance(StrEnum):
    """Use of alcohol or drugs in the unit."""

    NONE = "none"
    SUPERVISED = "supervised"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    id: UUID
    region_id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelter:
    """A site. `commune` is a NIS code; address and location of a secret shelter never leave its table (I11)."""

    id: UUID
    region_id: UUID
    operator_id: UUID
    name: str
    commune: str
    secret: bool = False
    invented: bool = False
    closed: bool = False
    address: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    phone: str | None = None
    languages: tuple[str, ...] = ()
    opens: time | None = None
    closes: time | None = None
    intake_from: time | None = None
    intake_to: time | None = None
    external_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Interchangeable allotments under the same rules. None means unknown, never no."""

    id: UUID
    region_id: UUID
    shelter_id: UUID
    name: str
    audience: tuple[Admits, ...]
    allotment: Allotment
    regime: Regime
    turnover: Turnover
    room_size: int | None = None
    age_min: int | None = None
    age_max: int | None = None
    party_min: int = 1
    party_max: int | None = None
    step_free: bool | None = None
    pets: bool | None = None
    tolerance: Tolerance | None = None
    medical_care: bool | None = None
    max_stay_nights: int | None = None
    surge: bool = False
    expires_at: datetime | None = None
    external_ref: str | None = None

    def need(self, party_size: int) -> int | None:
        """Return how many allotments a party takes: a place each, or one room; None where the rooms are too small.

        A room whose size is not known may do: whoever is there must be asked.
        """
        if self.allotment is Allotment.PLACE:
            return party_size
        return 1 if self.room_size is None or party_size <= self.room_size else None
