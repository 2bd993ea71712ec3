"""The codes of matching, all here and nowhere else: what blocks, what must be asked, what would change it, what counts.

Screens have a sentence for each in every language; docs/matching.md says what each means. Blockers are in the order of
how easily they are changed: so near misses are sorted, and a blocker's place in here is its bit in a mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar


class Blocker(StrEnum):
    """Why a unit is out of the question just now."""

    NO_PLACES = "no-places"
    UNCONFIRMED = "unconfirmed"
    AWAITING_REPORT = "awaiting-report"
    INTAKE_PAUSED = "intake-paused"
    ROOM_TOO_SMALL = "room-too-small"
    PARTY_TOO_LARGE = "party-too-large"
    PARTY_TOO_SMALL = "party-too-small"
    AGE = "age"
    GENDER = "gender"
    CHILDREN = "children"
    MINOR_ALONE = "minor-alone"
    FAMILIES_ONLY = "families-only"
    MINORS_ONLY = "minors-only"
    PETS = "pets"
    MEDICAL_CARE = "medical-care"
    TOLERANCE = "tolerance"
    BARRED = "barred"
    AWAY_COMMUNE = "away-commune"
    AWAY_SHELTER = "away-shelter"
    STEP_FREE = "step-free"
    REGIME = "regime"
    EXPIRED = "expired"
    CLOSED = "closed"


class Ask(StrEnum):
    """What nobody knows, and somebody there does. Unknown never means no."""

    PLACES = "places"
    ROOM_SIZE = "room-size"
    AGE = "age"
    GENDER = "gender"
    # Whether relatives without children, or young ones without adults, pass for a family.
    FAMILY = "family"
    MINOR_ALONE = "minor-alone"
    STEP_FREE = "step-free"
    PETS = "pets"
    MEDICAL_CARE = "medical-care"
    TOLERANCE = "tolerance"
    INTAKE_HOURS = "intake-hours"


class Change(StrEnum):
    """What would make a near miss fit."""

    # As many places more must become free.
    PLACES_FREE = "places-free"
    # The household says that it may be split: those that there is room for.
    SPLIT_PARTY = "split-party"
    # The unit must report.
    REPORT = "report"
    INTAKE_OPENS = "intake-opens"
    # A person at the intake must say that this household may come all the same.
    INTAKE_AGREES = "intake-agrees"
    # The household must say that it would go there all the same.
    HOUSEHOLD_AGREES = "household-agrees"
    # Nothing but time: until the day that is named.
    WAIT = "wait"
    # Ask in the other regime: tonight's places, or a reception home that admits by interview.
    OTHER_REGIME = "other-regime"
    # The shelter, or whoever leads the surge, must open the unit again.
    REOPEN = "reopen"


class Term(StrEnum):
    """What the points of a suggestion are made of."""

    DISTANCE = "distance"
    CONTINUITY = "continuity"
    LANGUAGE = "language"
    PREFERENCES = "preferences"
    THRIFT = "thrift"
    AGE = "age"
    ASKS = "asks"


_Code = TypeVar("_Code", bound=StrEnum)


def _places(codes: Iterable[_Code]) -> Mapping[_Code, int]:
    return MappingProxyType({code: 1 << place for place, code in enumerate(codes)})


# What each code is in a mask of its kind.
BLOCKER = _places(Blocker)
ASK = _places(Ask)
