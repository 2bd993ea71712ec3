"""Policing: somebody changes the rules of orientation in a region, as those of the inventory are changed (I10).

In force for every batch that begins after this one is committed, and for every suggestion, on every node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inventory.lane.working import Working
from inventory.model.policy import Unsound
from inventory.policing import ChangeRules
from orientation import tables
from orientation.lane.records import records_of
from orientation.model.policy import OrientationPolicy, unsound


class SetOrientationPolicy(ChangeRules[OrientationPolicy]):
    """The rules of orientation."""

    __slots__ = ()
    table = tables.orientation_policy

    def current(self, working: Working) -> OrientationPolicy:
        return records_of(working).policy

    def wrong(self) -> Unsound | None:
        return unsound(self.policy)

    def record(self, working: Working, policy: OrientationPolicy, row: Mapping[str, Any]) -> None:
        records = records_of(working)
        records.policy_rows.append(dict(row))
        records.policy = policy
