"""Policing: somebody changes the rules of a region, all at once and with a reason (I10).

The new version is in force for every batch that begins after this one is committed, on every node. The
units are folded anew by the sweep, each once, whoever does it (region.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import msgspec

from inventory import tables
from inventory.lane.loading import Touches
from inventory.lane.working import StoredPolicy, Working
from inventory.model.policy import Policy, unsound
from inventory.problems import PolicyChanged, PolicyUnsound
from kernel.lane import Finish
from kernel.problems import IdReused


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    version: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """Put a whole policy in the place of the one of `base_version`, which somebody looked at."""

    id: UUID
    actor_id: UUID
    policy: Policy
    base_version: int
    why: str
    body_hash: bytes

    def touch(self, touches: Touches) -> None:
        touches.policies.add(self.id)

    def apply(self, working: Working) -> Finish:
        stored = working.policies.get(self.id)
        if stored is not None:
            if stored.version is None or stored.body_hash != self.body_hash:
                raise IdReused(id=str(self.id))
            return _finish(stored.version, repeated=True)
        current = working.moment.policy
        if self.base_version != current.version:
            raise PolicyChanged(base_version=self.base_version, version=current.version, policy=current.rules)
        wrong = unsound(self.policy)
        if wrong is not None:
            raise PolicyUnsound(field=wrong.field, least=wrong.least, most=wrong.most)
        return self._record(working, replace(self.policy, version=current.version + 1, id=self.id))

    def _record(self, working: Working, policy: Policy) -> Finish:
        working.insert(
            tables.policy,
            region_id=working.region_id,
            version=policy.version,
            id=self.id,
            body=msgspec.json.encode(policy.rules).decode(),
            why=self.why,
            actor_id=self.actor_id,
            set_at=working.now,
            body_hash=self.body_hash,
        )
        working.policies[self.id] = StoredPolicy(policy.version, self.body_hash)
        # Whatever else this batch folds, it folds by the new rules: they are committed together.
        working.moment = replace(working.moment, policy=policy)
        return _finish(policy.version, repeated=False)


def _finish(version: int, *, repeated: bool) -> Finish:
    return lambda _numbered: PolicyAnswer(version, repeated)
