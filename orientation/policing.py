"""Policing: somebody changes the rules of orientation in a region, all at once and with a reason (I10).

In force for every batch that begins after this one is committed, and for every suggestion, on every node.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from inventory.lane.loading import Touches
from inventory.lane.working import StoredPolicy, Working
from inventory.policing import PolicyAnswer
from inventory.problems import PolicyChanged, PolicyUnsound
from kernel.lane import Finish
from kernel.problems import IdReused
from orientation.lane.records import Records, records_of
from orientation.model.policy import OrientationPolicy, unsound


@dataclass(frozen=True, slots=True)
class SetOrientationPolicy:
    """Put a whole policy in the place of the one of `base_version`, which somebody looked at."""

    id: UUID
    actor_id: UUID
    policy: OrientationPolicy
    base_version: int
    why: str
    body_hash: bytes

    def touch(self, touches: Touches) -> None:
        touches.policies.add(self.id)

    def apply(self, working: Working) -> Finish:
        records = records_of(working)
        stored = records.policies.get(self.id)
        if stored is not None:
            if stored.version is None or stored.body_hash != self.body_hash:
                raise IdReused(id=str(self.id))
            return _finish(stored.version, repeated=True)
        if self.id in working.policies:
            # A change of the inventory's rules has it.
            raise IdReused(id=str(self.id))
        current = records.policy
        if self.base_version != current.version:
            raise PolicyChanged(base_version=self.base_version, version=current.version, policy=current.rules)
        wrong = unsound(self.policy)
        if wrong is not None:
            raise PolicyUnsound(field=wrong.field, least=wrong.least, most=wrong.most)
        return self._record(working, records, replace(self.policy, version=current.version + 1, id=self.id))

    def _record(self, working: Working, records: Records, policy: OrientationPolicy) -> Finish:
        records.policy_rows.append(
            {
                "region_id": working.region_id,
                "version": policy.version,
                "id": self.id,
                "body": msgspec.json.encode(policy.rules).decode(),
                "why": self.why,
                "actor_id": self.actor_id,
                "set_at": working.now,
                "body_hash": self.body_hash,
            }
        )
        records.policies[self.id] = StoredPolicy(policy.version, self.body_hash)
        # Whatever else this batch does, it does by the new rules: they are committed together.
        records.policy = policy
        return _finish(policy.version, repeated=False)


def _finish(version: int, *, repeated: bool) -> Finish:
    return lambda _numbered: PolicyAnswer(version, repeated)
