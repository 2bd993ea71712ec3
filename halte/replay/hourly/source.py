"""A folder of hourly files as a source: its files are the steps, and one key speaks for all sites."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from halte.replay.hourly.gathering import Gathered, gather
from halte.replay.hourly.planning import Planner, Rules, Standing, holder_of
from halte.replay.hourly.reading import NO_INFORMATION, TOTAL, Contents, Reader
from halte.replay.plans import Plan
from halte.replay.steps import NotThisFile, Step, Words
from halte.visiting.calling import Administrator
from halte.visiting.keying import Holder
from kernel.access.keeping_keys import SHELTERS_MAX

_TOLD_MAX = 3


class _Version(msgspec.Struct):
    policy: Rules


class _Policies(msgspec.Struct):
    policies: list[_Version]


class HourlyFolder:
    """The whole folder, read."""

    words = Words("files", "file", "permit", "the folder", one_file=False, routine=frozenset({TOTAL, NO_INFORMATION}))
    region = ("quebec", "Québec")

    def __init__(self, gathered: Gathered, zone: ZoneInfo) -> None:
        reader = Reader(zone)
        self._gathered = gathered
        self._read = {push.name: reader.read(push) for push in gathered.pushes}
        self.permits = frozenset(row.site.permit for contents in self._read.values() for row in contents.rows)
        self.row_count = sum(contents.row_count for contents in self._read.values())
        self.steps = tuple(
            Step(
                push.name,
                push.arrived_at.astimezone(zone).date(),
                len(self._read[push.name].rows),
                self._read[push.name].asides,
            )
            for push in gathered.pushes
        )
        marks = (f"{one.push.name}\t{one.push.arrived_at}\t{one.digest}\n" for one in self._read.values())
        self.digest = hashlib.sha256("".join(marks).encode()).hexdigest()

    @classmethod
    def read(cls, folder: Path, zone: ZoneInfo) -> HourlyFolder:
        """Read a folder; raise where nothing in it is an hourly file, or where it is too much for one key."""
        source = cls(gather(folder), zone)
        if not source.permits:
            refused = next((fate for step in source.steps for fate in step.asides), None)
            why = (
                f" {refused.step}, line {refused.line}: {refused.reason.removesuffix('.')}."
                if refused
                else " All are empty."
            )
            raise NotThisFile(f"No file of the folder states a count.{why}")
        if len(source.permits) > SHELTERS_MAX:
            raise NotThisFile(f"The folder names {len(source.permits)} sites; one key is for {SHELTERS_MAX} at most.")
        return source

    @property
    def found(self) -> str:
        first, last = self._gathered.pushes[0], self._gathered.pushes[-1]
        span = f"{first.arrived_at:%Y-%m-%d %H:%M} to {last.arrived_at:%Y-%m-%d %H:%M} UTC"
        aside = self._gathered.left_aside
        more = f" and {len(aside) - _TOLD_MAX} more" if len(aside) > _TOLD_MAX else ""
        left = f" Left aside: {', '.join(aside[:_TOLD_MAX])}{more}." if aside else ""
        return f"A folder of hourly files: {len(self.steps)} {self._gathered.by}, {span}.{left}"

    async def course(
        self, administrator: Administrator, region_id: UUID, steps: Sequence[Step], _zone: ZoneInfo
    ) -> HourlyCourse:
        (current, *_) = (await administrator.ask("GET", "/policies?limit=1", _Policies)).policies
        chosen = [self._read[step.name] for step in steps]
        return HourlyCourse(Planner(region_id, current.policy), holder_of(region_id, self.permits), chosen)


class HourlyCourse:
    """The key is for all sites of the folder, whichever files are chosen: who goes on later is the same feed."""

    def __init__(self, planner: Planner, holder: Holder, chosen: Sequence[Contents]) -> None:
        self._planner = planner
        self._chosen = chosen
        self.holders = {holder.id: holder}

    @property
    def expected(self) -> Mapping[UUID, Standing]:
        return self._planner.expected

    def plans(self) -> Iterator[Plan]:
        yield from map(self._planner.plan, self._chosen)

    def notes(self) -> Iterator[str]:
        yield from self._planner.notes()
