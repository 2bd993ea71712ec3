"""The edge of orientation: what clients say of requests. Coded facts, and no text but what is sealed (I9)."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from inventory.model.reason import reaches_somebody, unreadable
from inventory.model.unit import Regime, Tolerance
from inventory.schemas import Body, Commune, Instant, Language, check_instant
from kernel.problems import InvalidBody
from orientation.model.contact import (
    ALIAS_MAX,
    CONTACT_MAX,
    Contact,
    full_name,
    international,
    reachable,
    register_number,
)
from orientation.model.household import (
    PARTY_MAX,
    PETS_MAX,
    Age,
    AwayFrom,
    Gender,
    Household,
    Member,
    Needs,
    Relation,
    Urgency,
)
from orientation.model.request import Channel, UnmetReason
from orientation.model.step import RESULTS, RefusalReason, StepKind, StepResult
from orientation.problems import ContactRefused

_RECEIPT_MAX = 64
_AWAY_MAX, _LANGUAGES_MAX = 50, 10
_SUPPORTED = {"supervised": Tolerance.SUPERVISED, "open": Tolerance.OPEN, None: None}
Version = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Receipt = Annotated[str, msgspec.Meta(min_length=1, max_length=_RECEIPT_MAX)]


class MemberBody(Body):
    age: Age
    gender: Gender
    relation: Relation

    def member(self) -> Member:
        return Member(self.age, self.gender, self.relation)


class AwayFromBody(Body):
    shelters: Annotated[list[UUID], msgspec.Meta(max_length=_AWAY_MAX)] = msgspec.field(default_factory=list)
    communes: Annotated[list[Commune], msgspec.Meta(max_length=_AWAY_MAX)] = msgspec.field(default_factory=list)

    def away_from(self) -> AwayFrom:
        return AwayFrom(tuple(dict.fromkeys(self.shelters)), tuple(dict.fromkeys(self.communes)))


class NeedsBody(Body):
    step_free: bool = False
    pets: Annotated[int, msgspec.Meta(ge=0, le=PETS_MAX)] = 0
    medical_care: bool = False
    tolerance: Literal["supervised", "open"] | None = None
    languages: Annotated[list[Language], msgspec.Meta(max_length=_LANGUAGES_MAX)] = msgspec.field(default_factory=list)
    together: bool = True
    near: Commune | None = None
    away_from: AwayFromBody = msgspec.field(default_factory=AwayFromBody)

    def needs(self) -> Needs:
        return Needs(
            step_free=self.step_free,
            pets=self.pets,
            medical_care=self.medical_care,
            tolerance=_SUPPORTED[self.tolerance],
            languages=tuple(dict.fromkeys(self.languages)),
            together=self.together,
            near=self.near,
            away_from=self.away_from.away_from(),
        )


Party = Annotated[list[MemberBody], msgspec.Meta(min_length=1, max_length=PARTY_MAX)]
Urgencies = Annotated[list[Urgency], msgspec.Meta(max_length=len(Urgency))]


class ContactBody(Body):
    """What no log and no traceback may show: its repr is empty."""

    alias: Annotated[str, msgspec.Meta(min_length=1, max_length=ALIAS_MAX)] | None = None
    contact: Annotated[str, msgspec.Meta(min_length=1, max_length=CONTACT_MAX)] | None = None

    def __repr__(self) -> str:
        return "ContactBody(…)"

    def told(self) -> Contact | None:
        """Return it, if it says anything; refuse what is kept nowhere, not even sealed."""
        for where, text in (("contact.alias", self.alias), ("contact.contact", self.contact)):
            if text is not None and unreadable(text):
                raise InvalidBody(where=where, why="some words, without control characters")
            if text is not None and register_number(text) and not (text is self.contact and international(text)):
                raise ContactRefused(where=where)
        if self.alias is not None and (reaches_somebody(self.alias) or full_name(self.alias)):
            raise ContactRefused(where="contact.alias")
        if self.contact is not None and not reachable(self.contact):
            raise InvalidBody(where="contact.contact", why="a telephone number or an e-mail address, and nothing else")
        return None if self.alias is None and self.contact is None else Contact(self.alias, self.contact)


class AskBody(Body):
    id: UUID
    regime: Regime
    channel: Channel
    party: Party
    needs: NeedsBody = msgspec.field(default_factory=NeedsBody)
    urgency: Urgencies = msgspec.field(default_factory=list)
    continues: Receipt | None = None
    contact: ContactBody | None = None

    def household(self) -> Household:
        return Household(party_of(self.party), self.needs.needs(), tuple(dict.fromkeys(self.urgency)))


class ActBody(Body):
    """Every act has an id of its own, made by the client: said again, it is done once (I10)."""

    id: UUID


class TakeBody(ActBody):
    base_version: Version


class AmendBody(TakeBody):
    """What is left out stays as it was. `contact` null erases what was kept."""

    party: Party | None = None
    needs: NeedsBody | None = None
    urgency: Urgencies | None = None
    regime: Regime | None = None
    contact: ContactBody | msgspec.UnsetType | None = msgspec.UNSET


class PauseBody(ActBody):
    until: Instant


class CloseBody(TakeBody):
    outcome: Literal["unmet", "withdrawn", "duplicate", "self-resolved"]
    reason: UnmetReason | None = None

    def check(self) -> None:
        """An unmet need without a reason could not be counted, and nothing else has one."""
        if (self.outcome == "unmet") != (self.reason is not None):
            raise InvalidBody(where="reason", why="why the need was not met, with the outcome `unmet` and only so")


class StepBody(TakeBody):
    kind: StepKind
    shelter: UUID | None = None
    at: Instant | None = None
    result: StepResult | None = None
    reason: RefusalReason | None = None

    def check(self) -> None:
        check_instant("at", self.at)
        if self.result is not None and self.result not in RESULTS[self.kind]:
            allowed = ", ".join(sorted(RESULTS[self.kind]))
            raise InvalidBody(where="result", why=f"of this kind of step: {allowed}, or null while it is to come")
        if (self.result is StepResult.REFUSED) != (self.reason is not None):
            raise InvalidBody(where="reason", why="why a house refuses, with the result `refused` and only so")


def party_of(party: list[MemberBody]) -> tuple[Member, ...]:
    """Return the members, of whom the first, and no other, is the one who asks."""
    for place, member in enumerate(party):
        if (member.relation is Relation.SELF) != (place == 0):
            why = "the first member is `self`, and no other: who are they to the first one"
            raise InvalidBody(where=f"party[{place}].relation", why=why)
    return tuple(member.member() for member in party)
