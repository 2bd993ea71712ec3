"""Policing: somebody changes the rules of a region, all at once and with a reason (I10).

The new version is in force for every batch that begins after this one is committed, on every node. The
units are folded anew by the sweep, each once, whoever does it (region.py). Whichever rules it is about, a change is
checked in the same way (`ChangeRules`): the package above has rules of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Table

from inventory import tables
from inventory.lane.loading import Touches
from inventory.lane.working import StoredPolicy, Working
from inventory.model.policy import Policy, Unsound, Versioned, unsound
from inventory.problems import PolicyChanged, PolicyUnsound
from kernel.lane import Finish
from kernel.problems import IdReused

P = TypeVar("P", bound=Versioned)


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    version: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class ChangeRules(ABC, Generic[P]):
    """Put whole rules in the place of those of `base_version`, which somebody looked at."""

    # Whose rows these rules are: an id that is a change of other rules is no new one.
    table: ClassVar[Table]

    id: UUID
    actor_id: UUID
    policy: P
    base_version: int
    why: str
    body_hash: bytes

    @abstractmethod
    def current(self, working: Working) -> P:
        """Return the rules in force."""

    @abstractmethod
    def wrong(self) -> Unsound | None:
        """Return the first rule that is out of its bounds."""

    @abstractmethod
    def record(self, working: Working, policy: P, row: Mapping[str, Any]) -> None:
        """Keep the row; whatever else this batch does, it does by the new rules: they are committed together."""

    def touch(self, touches: Touches) -> None:
        touches.policies.add(self.id)

    def apply(self, working: Working) -> Finish:
        stored = working.policies.get(self.id)
        if stored is not None:
            if stored.version is None or stored != StoredPolicy(self.table.name, stored.version, self.body_hash):
                raise IdReused(id=str(self.id))
            return _finish(stored.version, repeated=True)
        current = self.current(working)
        if self.base_version != current.version:
            raise PolicyChanged(base_version=self.base_version, version=current.version, policy=current.rules)
        wrong = self.wrong()
        if wrong is not None:
            raise PolicyUnsound(field=wrong.field, least=wrong.least, most=wrong.most)
        policy = replace(self.policy, version=current.version + 1, id=self.id)
        self.record(working, policy, self._row(working, policy))
        working.policies[self.id] = StoredPolicy(self.table.name, policy.version, self.body_hash)
        return _finish(policy.version, repeated=False)

    def _row(self, working: Working, policy: P) -> dict[str, Any]:
        return {
            "region_id": working.region_id,
            "version": policy.version,
            "id": self.id,
            "body": msgspec.json.encode(policy.rules).decode(),
            "why": self.why,
            "actor_id": self.actor_id,
            "set_at": working.now,
            "body_hash": self.body_hash,
        }


class SetPolicy(ChangeRules[Policy]):
    """The rules of the inventory."""

    __slots__ = ()
    table = tables.policy

    def current(self, working: Working) -> Policy:
        return working.moment.policy

    def wrong(self) -> Unsound | None:
        return unsound(self.policy)

    def record(self, working: Working, policy: Policy, row: Mapping[str, Any]) -> None:
        working.insert(tables.policy, **row)
        working.moment = replace(working.moment, policy=policy)


def _finish(version: int, *, repeated: bool) -> Finish:
    return lambda _numbered: PolicyAnswer(version, repeated)
