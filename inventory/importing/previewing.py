"""Previewing: a file and its mapping against the region as it is, and then, if that is what was seen, applying it.

Nothing of a file is kept between the two: the digest names what was shown, and the file is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from inventory.importing.applying import Import, Imported
from inventory.importing.faults import Fault
from inventory.importing.gathering import Gathered, gather
from inventory.importing.knowing import know_region, stored_reports
from inventory.importing.mapping import Field, FileMapping, read_mapping
from inventory.importing.planning import Plan, plan
from inventory.importing.problems import ImportChanged
from inventory.importing.reading import detect, read_rows
from inventory.importing.shaping import Shape
from kernel.lane import Lane
from kernel.postgres import Pool

log = structlog.get_logger(__name__)

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody sends: the file, the mapping, and when it was counted if the file does not say."""

    file: BinaryIO = field(repr=False)
    mapping: bytes = field(repr=False)
    bytes_max: int
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it was read, before the region is looked at."""

    shape: Shape
    mapping: FileMapping
    gathered: Gathered
    parts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    read: Read
    plan: Plan
    digest: str

    @property
    def faults(self) -> list[Fault]:
        """In the order of the file; what is about all of it comes first."""
        found = [*self.read.gathered.faults, *self.plan.faults]
        return sorted(found, key=lambda fault: fault.line or 0)

    @property
    def fault_count(self) -> int:
        return len(self.faults) + self.read.gathered.faults_more

    @property
    def changes_nothing(self) -> bool:
        return not self.plan.steps


def read(asked: Asked, zone: ZoneInfo) -> Read:
    """Read the file. Blocks: call it beside the event loop. Raises Unusable for what is no table or no mapping."""
    mapping = read_mapping(asked.mapping)
    if mapping.count is not None and "observed_at" not in mapping.count and asked.observed_at is not None:
        said = Field(constant=asked.observed_at)
        mapping = replace(mapping, count={**mapping.count, "observed_at": said})
    shape = detect(asked.file, mapping.told, bytes_max=asked.bytes_max)
    gathered = gather(read_rows(asked.file, shape), shape, mapping, zone)
    if gathered.rows == 0:
        gathered.refuse(Fault(None, "no-rows", {"left_out": gathered.left_out}))
    return Read(shape, mapping, gathered, (_hash(asked.file), asked.mapping, str(asked.observed_at).encode()))


def _hash(file: BinaryIO) -> bytes:
    hashed = blake2b(digest_size=16)
    file.seek(0)
    while piece := file.read(_PIECE):
        hashed.update(piece)
    return hashed.digest()


async def preview(pool: Pool, region_id: UUID, zone: ZoneInfo, asked: Asked, actor_id: UUID) -> Preview:
    """Return what a file would change in the region as it is now."""
    found = await asyncio.to_thread(read, asked, zone)
    known = await know_region(pool, region_id, zone)
    planned = await asyncio.to_thread(plan, found.gathered, found.mapping, known, actor_id)
    planned.forget(set(await stored_reports(pool, [step.work.id for step in planned.counts])))
    return Preview(found, planned, planned.digest(*found.parts))


async def apply(lane: Lane, shown: Preview) -> Mapping[str, int]:
    """Write what a preview shows, all of it or nothing; return what became of the counts."""
    if shown.changes_nothing:
        return {}
    plan = shown.plan
    imported: Imported = await lane.submit(Import(plan.source, plan.steps))
    return imported.counts


def check_digest(shown: Preview, digest: str) -> None:
    """Refuse to apply what was not shown. What is already as it should be has nothing to refuse."""
    if shown.digest != digest and not shown.changes_nothing:
        raise ImportChanged(digest=shown.digest)
