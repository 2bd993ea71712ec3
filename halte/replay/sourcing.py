"""Sources: what was found at a path, as steps to push one after the other, and the course that pushes them takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from halte.replay.comparing import Expected
from halte.replay.plans import Plan
from halte.replay.steps import Step, Words
from halte.visiting.calling import Administrator
from halte.visiting.keying import Holder


class Course(Protocol):
    """The way through the chosen steps of a source. What is expected and told is complete when the plans are."""

    @property
    def holders(self) -> Mapping[UUID, Holder]: ...
    @property
    def expected(self) -> Mapping[UUID, Expected]: ...
    def plans(self) -> Iterator[Plan]: ...
    def notes(self) -> Iterator[str]: ...


class Source(Protocol):
    """`digest` is its identity: a replay of the same bytes is the same replay (I10).

    `found` says in one sentence what lies at the path, `region` is the slug and the name of the region it speaks of.
    """

    @property
    def digest(self) -> str: ...
    @property
    def found(self) -> str: ...
    @property
    def words(self) -> Words: ...
    @property
    def region(self) -> tuple[str, str]: ...
    @property
    def row_count(self) -> int: ...
    @property
    def steps(self) -> Sequence[Step]: ...
    async def course(
        self, administrator: Administrator, region_id: UUID, steps: Sequence[Step], zone: ZoneInfo
    ) -> Course: ...
