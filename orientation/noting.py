"""Noting: what somebody learnt, or tried to learn, about a secret shelter, kept with the request (I11)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from inventory.lane.loading import Touches
from inventory.lane.working import Working
from kernel.journal import Subject
from kernel.lane import Finish
from orientation.lane.records import records_of
from orientation.problems import UnknownRequest

# A hold that was not to be had, and an address that was told.
REFUSED = "place-refused"
ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Note:
    """Nothing changes, but that it happened stays."""

    id: UUID
    actor_id: UUID
    verb: str
    request_id: UUID
    placement_id: UUID | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    def touch(self, touches: Touches) -> None:
        touches.requests.add(self.request_id)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        request = records.requests.get(self.request_id)
        if request is None:
            raise UnknownRequest(request=str(self.request_id))
        records.record_event(
            self.id, self.verb, working.now, self.actor_id, b"", request=request, placement_id=self.placement_id,
            facts=json.dumps(dict(self.facts)),
        )  # fmt: skip
        return _finish


def _finish(_numbered: Mapping[UUID, Subject]) -> None:
    return None
