"""The rules of orientation as a client says them: whole, so that nothing is set back in silence.

What the numbers may be is the model's to say (model/policy.py, model/sharing.py).
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from inventory.schemas import Body, Reason, Seconds, check_reason, hash_of
from orientation.model.counts import PartyGroup
from orientation.model.household import Urgency
from orientation.model.policy import SHELTERS_MAX, OrientationPolicy
from orientation.policing import SetOrientationPolicy

LATEST = 2**31 - 1
Whole = Annotated[int, msgspec.Meta(ge=0, le=LATEST)]
# Far more than there may be: that eight are too many the model says better, with its bounds.
_SOME = msgspec.Meta(max_length=100)


class WeightsBody(Body):
    distance: Whole
    reach_m: Whole
    continuity: Whole
    language: Whole
    preference: Whole
    ask: Whole
    thrift: Whole
    spare_place: Whole
    aging: Whole
    stale: Whole
    silent: Whole


class TimesBody(Body):
    hold_ttl_s: Seconds
    seen_grace_s: Seconds
    extend_s: Seconds
    escalate_after_s: Seconds
    arrive_within_s: Seconds
    refresh_within_s: Seconds


class MatchBody(Body):
    """Whom a rule means. A list that says a word twice, or in another order, says the same, and has the same hash."""

    urgency: Annotated[list[Urgency], _SOME]
    parties: Annotated[list[PartyGroup], _SOME]
    turned_away: bool

    def __post_init__(self) -> None:
        self.urgency = [one for one in Urgency if one in self.urgency]
        self.parties = [one for one in PartyGroup if one in self.parties]


class TicketsBody(Body):
    match: MatchBody
    tickets: Whole


class PlanRulesBody(Body):
    tiers: Annotated[list[MatchBody], _SOME]
    stability: Whole
    drawn: Whole
    balance: Whole
    reserve_percent: Whole
    floors: dict[PartyGroup, Whole]
    floor_points: Whole


class DrawRulesBody(Body):
    strata: Annotated[list[MatchBody], _SOME]
    tickets: Annotated[list[TicketsBody], _SOME]


class OrientationRulesBody(Body):
    """The whole of a policy."""

    weights: WeightsBody
    night: TimesBody
    admission: TimesBody
    shelter_hold_ttl_s: Annotated[dict[UUID, Seconds], msgspec.Meta(max_length=SHELTERS_MAX)]
    barred_nights: Whole
    plan: PlanRulesBody
    draw: DrawRulesBody

    def rules(self) -> OrientationPolicy:
        return msgspec.convert(msgspec.to_builtins(self), OrientationPolicy)


class OrientationPolicyBody(Body):
    id: UUID
    base_version: Whole
    why: Reason
    policy: OrientationRulesBody

    def change(self, actor_id: UUID) -> SetOrientationPolicy:
        check_reason(self.why)
        policy = self.policy.rules()
        body_hash = hash_of((self.base_version, self.why, policy.rules))
        return SetOrientationPolicy(self.id, actor_id, policy, self.base_version, self.why, body_hash)
