"""Handling: an act on a request, once under the client's id (I10), on what was looked at, and only while it is open."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from inventory.lane.loading import Touches
from inventory.lane.working import Working
from kernel.journal import Cause, Subject
from kernel.lane import Finish
from kernel.problems import IdReused
from orientation.lane.records import Records, records_of
from orientation.model.request import Request
from orientation.model.times import Times
from orientation.problems import RequestChanged, RequestClosed, UnknownRequest


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    """The request as it is after the batch; `repeated` where this had been said before."""

    request: Request
    repeated: bool


def tell_request(records: Records, request_id: UUID, *, repeated: bool) -> Finish:
    """Answer with the request as the whole batch leaves it."""

    def finish(_numbered: Mapping[UUID, Subject]) -> RequestAnswer:
        return RequestAnswer(records.requests[request_id], repeated)

    return finish


def heard(request: Request, now: datetime, times: Times) -> Request:
    """The household was just spoken to: it still looks for a place."""
    return replace(request, refreshed_at=now, expires_at=now + timedelta(seconds=times.refresh_within_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAct(ABC):
    """`base_version` is the version that somebody looked at, where the act depends on it."""

    verb: ClassVar[str]
    id: UUID
    actor_id: UUID
    request_id: UUID
    body_hash: bytes
    base_version: int | None = None

    @abstractmethod
    def change(self, working: Working, request: Request) -> Request:
        """Return the request as it becomes; refuse before anything is changed."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the act's event says beside its verb, in codes."""
        return {}

    def touch(self, touches: Touches) -> None:
        touches.acts.add(self.id)
        touches.requests.add(self.request_id)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        request = records.requests.get(self.request_id)
        if request is None:
            raise UnknownRequest(request=str(self.request_id))
        if self._said_before(records):
            return tell_request(records, self.request_id, repeated=True)
        if not request.open:
            raise RequestClosed(request=str(request.id), outcome=request.outcome)
        if self.base_version is not None and self.base_version != request.version:
            raise RequestChanged(base_version=self.base_version, version=request.version)
        changed = records.put_request(self.change(working, request), Cause(self.verb, self.id, self.actor_id))
        facts = msgspec.json.encode(self.facts).decode()
        records.record_event(
            self.id, self.verb, working.now, self.actor_id, self.body_hash, request=changed, facts=facts
        )
        return tell_request(records, self.request_id, repeated=False)

    def _said_before(self, records: Records) -> bool:
        stored = records.events.get(self.id)
        if stored is None:
            return False
        said = (stored.request_id, stored.verb, stored.body_hash)
        if said != (self.request_id, self.verb, self.body_hash):
            raise IdReused(id=str(self.id))
        return True
