"""Asking: a household asks for a place, by coded facts alone (I9, I10)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from inventory.lane.loading import Touches
from inventory.lane.working import Working
from inventory.model.unit import Regime
from kernel.journal import Cause
from kernel.lane import Finish
from kernel.problems import Busy, IdReused
from orientation.handling import tell_request
from orientation.lane.records import Records, records_of
from orientation.model.codes import codes_of
from orientation.model.contact import SealedContact
from orientation.model.household import Household
from orientation.model.request import Channel, Request


@dataclass(frozen=True, slots=True)
class AskRequest:
    """`continues` is the household's request of an earlier night; what was declined for good there stays so here."""

    id: UUID
    actor_id: UUID
    regime: Regime
    channel: Channel
    household: Household
    body_hash: bytes
    receipt_hash: bytes | None = None
    continues: UUID | None = None
    contact: SealedContact | None = None

    def touch(self, touches: Touches) -> None:
        touches.acts.add(self.id)
        touches.requests.add(self.id)
        if self.continues is not None:
            touches.requests.add(self.continues)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        stored = records.requests.get(self.id)
        if stored is not None:
            if stored.body_hash != self.body_hash:
                raise IdReused(id=str(self.id))
            return tell_request(records, self.id, repeated=True)
        if self.id in records.elsewhere or self.id in records.events:
            raise IdReused(id=str(self.id))
        request = self._make(working, records)
        records.put_request(request, Cause("ask", self.id, self.actor_id))
        records.record_event(self.id, "ask", working.now, self.actor_id, self.body_hash, request=request)
        if self.contact is not None:
            records.contacts[self.id] = self.contact
        if self.continues is not None:
            records.bars += [
                replace(bar, request_id=self.id)
                for bar in records.standing_bars.get(self.continues, ())
                if bar.until > working.now
            ]
        return tell_request(records, self.id, repeated=False)

    def _make(self, working: Working, records: Records) -> Request:
        code = next((one for one in codes_of(self.id) if one not in records.codes), None)
        if code is None:
            # Four codes of this night are taken: under another id, or in a moment, one is free.
            raise Busy
        records.codes.add(code)
        times = records.policy.times(self.regime)
        return Request(
            id=self.id,
            region_id=working.region_id,
            code=code,
            night=working.night,
            regime=self.regime,
            channel=self.channel,
            household=self.household,
            asked_at=working.now,
            refreshed_at=working.now,
            expires_at=working.now + timedelta(seconds=times.refresh_within_s),
            actor_id=self.actor_id,
            body_hash=self.body_hash,
            assignee_id=self.actor_id,
            continues=self.continues,
            receipt_hash=self.receipt_hash,
        )
