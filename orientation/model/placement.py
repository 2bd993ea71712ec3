"""A placement: the record from hold to arrival. Held, accepted, ended; it ends exactly once (I3).

Who may do what with it, and when, is one table: ACTS.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from inventory.holding import Ending


class PlacementState(StrEnum):
    HELD = "held"
    ACCEPTED = "accepted"
    ENDED = "ended"


class DeclineReason(StrEnum):
    """Why a shelter says no. The reason decides what follows from it."""

    FULL = "full"
    CLOSED = "closed"
    NOT_FOR_US = "not-for-us"
    KNOWN_CONFLICT = "known-conflict"
    RULES_BROKEN = "rules-broken"
    WRONG_DATA = "wrong-data"
    NO_STAFF = "no-staff"


# Reasons that lie with the household and this house, and are the same tomorrow: not offered again for a while.
STAYS = frozenset({DeclineReason.NOT_FOR_US, DeclineReason.KNOWN_CONFLICT, DeclineReason.RULES_BROKEN})

# Of these the ones that are about the house and its people, and so about each of its units.
BARS_SHELTER = frozenset({DeclineReason.KNOWN_CONFLICT, DeclineReason.RULES_BROKEN})


class Party(StrEnum):
    """Who acts: the shelter (its staff, or the desk on its behalf), the desk, or the clock."""

    SHELTER = "shelter"
    DESK = "desk"
    CLOCK = "clock"


class Act(StrEnum):
    SEEN = "seen"
    ACCEPT = "accept"
    DECLINE = "decline"
    ARRIVE = "arrive"
    NO_SHOW = "no-show"
    CANCEL = "cancel"
    EXTEND = "extend"
    HAND_OVER = "hand-over"
    LAPSE = "lapse"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may act so, in which states, and on which endings of those that have ended."""

    parties: frozenset[Party]
    states: frozenset[PlacementState]
    after: frozenset[Ending] = frozenset()


_SHELTER, _DESK, _CLOCK = frozenset({Party.SHELTER}), frozenset({Party.DESK}), frozenset({Party.CLOCK})
_HELD, _OPEN = frozenset({PlacementState.HELD}), frozenset({PlacementState.HELD, PlacementState.ACCEPTED})
_EITHER = _SHELTER | _DESK

ACTS: dict[Act, Rule] = {
    Act.SEEN: Rule(_SHELTER, _OPEN),
    Act.ACCEPT: Rule(_EITHER, _HELD),
    Act.DECLINE: Rule(_EITHER, _OPEN),
    # The world outranks the clock: who stands at the door is inside, whatever had ended.
    Act.ARRIVE: Rule(_EITHER, _OPEN, frozenset({Ending.LAPSED, Ending.NO_SHOW})),
    Act.NO_SHOW: Rule(_EITHER | _CLOCK, frozenset({PlacementState.ACCEPTED})),
    Act.CANCEL: Rule(_EITHER, _OPEN),
    Act.EXTEND: Rule(_DESK, _OPEN),
    Act.HAND_OVER: Rule(_DESK, _OPEN),
    Act.LAPSE: Rule(_CLOCK, _HELD),
    Act.ESCALATE: Rule(_CLOCK, _HELD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """`holder_id` is who follows it. When the clock ends it stands in its hold."""

    id: UUID
    region_id: UUID
    request_id: UUID
    unit_id: UUID
    shelter_id: UUID
    places: int
    held_at: datetime
    holder_id: UUID
    policy_version: int
    version: int = 0
    state: PlacementState = PlacementState.HELD
    ending: Ending | None = None
    late: bool = False
    voided: bool = False
    seen_at: datetime | None = None
    accepted_at: datetime | None = None
    extended_at: datetime | None = None
    escalated_at: datetime | None = None
    ended_at: datetime | None = None
    decline_reason: DeclineReason | None = None
    decline_free: int | None = None
    replaces: UUID | None = None
    gone: bool = False

    @property
    def open(self) -> bool:
        return self.state is not PlacementState.ENDED

    def allows(self, act: Act, party: Party) -> bool:
        rule = ACTS[act]
        if party not in rule.parties:
            return False
        return self.state in rule.states or (self.ending is not None and self.ending in rule.after)
