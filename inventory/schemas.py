"""The edge: bodies that clients send and answers they get. Bounds, types and NUL are refused here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from hashlib import blake2b
from typing import Annotated, Any
from uuid import UUID

import msgspec

from inventory.model.counting import Direction
from inventory.model.facts import Intake, OutOfService, OutReason
from inventory.model.policy import Policy
from inventory.model.reason import reaches_somebody, unreadable
from inventory.model.surge import UNITS_MAX as SURGE_UNITS_MAX
from inventory.model.surge import Reason as SurgeReason
from inventory.model.unit import (
    PLACES_MAX,
    Admits,
    Allotment,
    Operator,
    Regime,
    Shelter,
    Tolerance,
    Turnover,
    Unit,
)
from inventory.policing import SetPolicy
from inventory.problems import ReasonRefused
from inventory.reporting import Line
from inventory.surging import ActivateSurge, ChangeSurge, Said
from kernel.problems import InvalidBody

UNITS_MAX = 200
BATCH_MAX = 1_000
_SAFE_INTEGER = 2**53 - 1
_INT_MAX = 2**31 - 1
# Outside these years an instant is a broken clock or an attack on the arithmetic.
_YEARS = range(2000, 2200)

Places = Annotated[int, msgspec.Meta(ge=0, le=PLACES_MAX)]
SomePlaces = Annotated[int, msgspec.Meta(ge=1, le=PLACES_MAX)]
Seq = Annotated[int, msgspec.Meta(ge=0, le=_SAFE_INTEGER)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=300)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=_INT_MAX)]
Commune = Annotated[str, msgspec.Meta(min_length=1, max_length=20, pattern="^[0-9A-Za-z-]+$")]
Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}$")]
Years = Annotated[int, msgspec.Meta(ge=0, le=120)]


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A body is taken whole or not at all: an unknown field is a misunderstanding, and is said.

    Instants are kept in UTC: one that is written with another offset is the same one (I10).
    """

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, str) and one.endswith("\n"):
                    # `$` lets a line break stand at the end.
                    raise ValueError(f"`{name}` must not end with a line break")
            # An instant of a year that cannot be meant is refused by name, with whatever else is out of bounds.
            if isinstance(value, datetime) and value.year in _YEARS:
                setattr(self, name, value.astimezone(UTC))


class OutOfServiceBody(Body):
    reason: OutReason
    places: SomePlaces
    until: Instant | None = None


class IntakeBody(Body):
    state: Annotated[str, msgspec.Meta(pattern="^(open|paused)$")]
    until: Instant | None = None


class LineBody(Body):
    """Without `free` the line states facts only: it is no count, and makes none fresh."""

    unit: UUID
    free: Places | None = None
    over_by: Places = 0
    out_of_service: Annotated[list[OutOfServiceBody], msgspec.Meta(max_length=20)] | None = None
    intake: IntakeBody | None = None
    capacity: Places | None = None
    base_seq: Seq | None = None

    def line(self, observed_at: datetime | None, night: date | None) -> Line:
        """Return the model's line; its hash is what a feed repeats when it has stopped looking."""
        out = self.out_of_service
        if self.free is None and (self.over_by or (out, self.intake, self.capacity) == (None, None, None)):
            raise InvalidBody(where="free", why="how many are free, or a fact: out_of_service, intake, capacity")
        for one in out or ():
            check_instant("until", one.until)
        if self.intake is not None:
            check_instant("until", self.intake.until)
        return Line(
            unit_id=self.unit,
            free=self.free,
            over_by=self.over_by,
            out_of_service=None
            if out is None
            else tuple(OutOfService(one.reason, one.places, one.until) for one in out),
            intake=Intake(self.intake.state == "paused", self.intake.until) if self.intake else None,
            capacity=self.capacity,
            base_seq=self.base_seq,
            body_hash=hash_of((observed_at, night, self)),
        )


class ReportBody(Body):
    shelter: UUID
    units: Annotated[list[LineBody], msgspec.Meta(min_length=1, max_length=UNITS_MAX)]
    observed_at: Instant | None = None
    sent_at: Instant | None = None
    night: date | None = None


class BatchedReportBody(ReportBody, kw_only=True):
    report: UUID


class BatchBody(Body):
    """Items are taken one by one, so that a bad one fails alone: here they are any JSON."""

    reports: Annotated[list[Any], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]


class MovementBody(Body):
    unit: UUID
    direction: Direction
    places: SomePlaces = 1
    occurred_at: Instant | None = None
    sent_at: Instant | None = None
    placement: UUID | None = None
    counted_in: UUID | None = None


class OperatorBody(Body):
    name: Label

    def operator(self, operator_id: UUID, region_id: UUID) -> Operator:
        return Operator(id=operator_id, region_id=region_id, name=self.name)


class ShelterBody(Body):
    operator: UUID
    name: Label
    commune: Commune
    secret: bool = False
    invented: bool = False
    closed: bool = False
    address: Label | None = None
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[0-9+ ()/.-]+$")] | None = None
    languages: Annotated[list[Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}$")]], msgspec.Meta(max_length=40)] = []
    opens: time | None = None
    closes: time | None = None
    intake_from: time | None = None
    intake_to: time | None = None
    external_ref: Label | None = None

    def shelter(self, shelter_id: UUID, region_id: UUID) -> Shelter:
        values = msgspec.structs.asdict(self)
        operator_id = values.pop("operator")
        languages = tuple(values.pop("languages"))
        for name in ("opens", "closes", "intake_from", "intake_to"):
            if values[name] is not None and values[name].tzinfo is not None:
                raise InvalidBody(where=name, why="a time of day on the region's own clock, without an offset")
        return Shelter(id=shelter_id, region_id=region_id, operator_id=operator_id, languages=languages, **values)


class UnitBody(Body):
    shelter: UUID
    name: Label
    audience: Annotated[list[Admits], msgspec.Meta(min_length=1, max_length=len(Admits))]
    capacity: Places
    allotment: Allotment = Allotment.PLACE
    regime: Regime = Regime.NIGHT
    turnover: Turnover = Turnover.NIGHTLY
    room_size: Annotated[int, msgspec.Meta(ge=1, le=50)] | None = None
    age_min: Years | None = None
    age_max: Years | None = None
    party_min: Annotated[int, msgspec.Meta(ge=1, le=50)] = 1
    party_max: Annotated[int, msgspec.Meta(ge=1, le=50)] | None = None
    step_free: bool | None = None
    pets: bool | None = None
    tolerance: Tolerance | None = None
    medical_care: bool | None = None
    max_stay_nights: Annotated[int, msgspec.Meta(ge=1, le=3650)] | None = None
    surge: bool = False
    expires_at: Instant | None = None
    external_ref: Label | None = None

    def unit(self, unit_id: UUID, region_id: UUID) -> Unit:
        check_instant("expires_at", self.expires_at)
        if self.room_size is not None and self.allotment is not Allotment.ROOM:
            raise InvalidBody(where="room_size", why="only a unit of rooms has one")
        for low, high in (("age_min", "age_max"), ("party_min", "party_max")):
            lowest, highest = getattr(self, low), getattr(self, high)
            if lowest is not None and highest is not None and lowest > highest:
                raise InvalidBody(where=low, why=f"{lowest} is more than {high} {highest}")
        values = msgspec.structs.asdict(self)
        values.pop("capacity")
        shelter_id = values.pop("shelter")
        audience = tuple(dict.fromkeys(values.pop("audience")))
        return Unit(id=unit_id, region_id=region_id, shelter_id=shelter_id, audience=audience, **values)


class AgeingBody(Body):
    aging_after_s: Seconds
    stale_after_s: Seconds
    silent_after_s: Seconds


class SurgeRulesBody(Body):
    lasts_s: Seconds
    longest_s: Seconds
    report_within_s: Seconds


class RulesBody(Body):
    """The whole of a policy. What its numbers may be is the model's to say (model/policy.py)."""

    night: AgeingBody
    admission: AgeingBody
    pin_s: Seconds
    stuck_after: Annotated[int, msgspec.Meta(ge=0, le=_INT_MAX)]
    hold_unconfirmed: bool
    surge: SurgeRulesBody


class PolicyBody(Body):
    id: UUID
    base_version: Annotated[int, msgspec.Meta(ge=0, le=_INT_MAX)]
    why: Reason
    policy: RulesBody

    def change(self, actor_id: UUID) -> SetPolicy:
        check_reason(self.why)
        policy = msgspec.convert(msgspec.to_builtins(self.policy), Policy)
        return SetPolicy(self.id, actor_id, policy, self.base_version, self.why, hash_of(self))


class SurgeBody(Body):
    """Surge units by their ids, and those of shelters, of communes, or of the whole region."""

    id: UUID
    reason: SurgeReason
    why: Reason
    until: Instant | None = None
    units: Annotated[list[UUID], msgspec.Meta(max_length=SURGE_UNITS_MAX)] = []
    shelters: Annotated[list[UUID], msgspec.Meta(max_length=SURGE_UNITS_MAX)] = []
    communes: Annotated[list[Commune], msgspec.Meta(max_length=SURGE_UNITS_MAX)] = []
    everywhere: bool = False

    def activation(self, actor_id: UUID, unit_ids: Collection[UUID]) -> ActivateSurge:
        said = Said(self.id, actor_id, self.why, hash_of(self))
        return ActivateSurge(said, tuple(sorted(unit_ids)), self.reason, self.until)

    def check(self) -> None:
        check_reason(self.why)
        check_instant("until", self.until)
        if not (self.units or self.shelters or self.communes or self.everywhere):
            raise InvalidBody(where="units", why="name units, shelters or communes, or say everywhere")


class ExtendSurgeBody(Body):
    id: UUID
    until: Instant
    why: Reason

    def change(self, actor_id: UUID, surge_id: UUID) -> ChangeSurge:
        check_reason(self.why)
        check_instant("until", self.until)
        return ChangeSurge(Said(self.id, actor_id, self.why, hash_of(("extend", surge_id, self))), surge_id, self.until)


class EndSurgeBody(Body):
    id: UUID
    why: Reason

    def change(self, actor_id: UUID, surge_id: UUID) -> ChangeSurge:
        check_reason(self.why)
        return ChangeSurge(Said(self.id, actor_id, self.why, hash_of(("end", surge_id, self))), surge_id)


class ClockBody(Body):
    """The shown time and its speed; `now` null returns to the real clock."""

    now: Instant | None
    speed: Annotated[float, msgspec.Meta(ge=0, le=100_000)] = 1.0


def check_instant(where: str, instant: datetime | None) -> None:
    if instant is not None and instant.year not in _YEARS:
        raise InvalidBody(where=where, why="an instant between the years 2000 and 2199")


def check_reason(why: str) -> None:
    """Refuse a reason that no screen could show, or that would keep a person's number for ever."""
    if unreadable(why):
        raise InvalidBody(where="why", why="a sentence, without control characters")
    if reaches_somebody(why):
        raise ReasonRefused


def hash_of(body: object) -> bytes:
    """Return the hash of a parsed body: the same meaning, however it was spelled, is the same body (I10)."""
    return blake2b(msgspec.json.encode(body, order="deterministic"), digest_size=16).digest()
