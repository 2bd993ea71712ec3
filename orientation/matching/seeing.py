"""What the desk may know of a unit: what it is, and its state behind the mask of a secret shelter (I11).

Matching sees nothing else of a unit, so no suggestion can tell more than the board does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from inventory.bodies import ShelterBody, UnitAbout
from inventory.model.audience import band
from inventory.model.state import Status, available
from inventory.model.unit import Admits, Tolerance


class State(msgspec.Struct, frozen=True):
    """The part of a unit's body that matching reads."""

    id: UUID
    shelter: UUID
    secret: bool
    status: str
    free: int
    held: int
    intake: str
    intake_until: datetime | None
    confirmed_at: datetime | None
    aging_at: datetime | None
    stale_at: datetime | None
    silent_at: datetime | None
    # Bodies of before it was written into them: where the unit is open.
    holdable: bool | None = None


# What is rare in a region, and should be kept for those who need it.
FEATURES = ("step-free", "pets", "medical-care", "tolerance", "families", "minors")
_TOLERANT = frozenset({Tolerance.SUPERVISED, Tolerance.OPEN})

# What a band can mean at the least and at the most; None: nobody knows.
_BOUNDS = {"0": (0, 0), "1-2": (1, 2), "3+": (3, None)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit as the desk sees it. What is left is `least` to `most`; None where nobody knows, or nothing bounds it."""

    shelter: ShelterBody
    about: UnitAbout
    status: Status
    holdable: bool
    least: int | None
    most: int | None
    band: str | None
    # Less than none where more is promised than there is. None as above, and where only a band may be told.
    left: int | None
    paused: bool
    paused_until: datetime | None
    confirmed_at: datetime | None
    aging_at: datetime | None
    stale_at: datetime | None
    silent_at: datetime | None
    # Those of FEATURES that it is known to have.
    features: tuple[str, ...]

    @property
    def closed(self) -> bool:
        return self.status is Status.CLOSED or self.shelter.closed

    @property
    def available(self) -> int | None:
        """What may be held just now, where it may be told."""
        if self.band is not None:
            return None
        return self.least if self.holdable else 0


def see(shelter: ShelterBody, about: UnitAbout, state: State) -> Seen:
    status = Status(state.status)
    holdable = status is Status.OPEN if state.holdable is None else state.holdable
    masked = state.secret or shelter.secret
    told = band(available(holdable, state.free, state.held)) if masked else None
    left: int | None = state.free - state.held
    least, most = _left(status, holdable, max(0, state.free - state.held), told)
    if masked or least is None:
        left = None
    paused = state.intake == "paused"
    return Seen(
        shelter, about, status, holdable, least, most, told, left, paused, state.intake_until if paused else None,
        state.confirmed_at, state.aging_at, state.stale_at, state.silent_at, _features(about),
    )  # fmt: skip


def _features(about: UnitAbout) -> tuple[str, ...]:
    has = (
        about.step_free,
        about.pets,
        about.medical_care,
        about.tolerance in _TOLERANT,
        Admits.FAMILIES in about.audience,
        Admits.MINORS in about.audience,
    )
    return tuple(name for name, there in zip(FEATURES, has, strict=True) if there)


def _left(status: Status, holdable: bool, left: int, told: str | None) -> tuple[int | None, int | None]:
    """Return how many are left at the least and at the most; None and None where no count stands that would say it."""
    if told is not None:
        # Where nothing may be held the band is 0 whatever is there.
        return _BOUNDS[told] if holdable else (None, None)
    return (left, left) if holdable or status in {Status.OPEN, Status.UNCONFIRMED} else (None, None)
