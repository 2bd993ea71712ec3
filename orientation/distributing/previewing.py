"""Previewing: other rules are tried on nights that are past, beside the node, one night after the other.

What comes of it is about people: it is kept in this node's memory for a quarter of an hour, and written nowhere (I9).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

import msgspec
import structlog

from inventory.model.night import night_of
from inventory.problems import PolicyUnsound
from inventory.region import Region
from kernel.ids import new_id
from kernel.problems import Problem
from orientation.distributing.cases import nights_kept, read_content
from orientation.distributing.drafting import rules_of
from orientation.distributing.problems import PlanFailed, PlanOutOfTime, PreviewRunning, UnknownPreview
from orientation.distributing.results import Task
from orientation.distributing.working import Workers
from orientation.model.policy import OrientationPolicy, unsound
from orientation.planning.previewing import PreviewNight
from orientation.store import read_policy

log = structlog.get_logger(__name__)

NIGHTS_MAX = 14
KEPT_S, _KEPT_MAX = 900.0, 20
# Each of the two plans of a night, at most: what is not proven would look like the rules' doing, and nobody waits for
# it. A night, with all that is around them; and all of it.
_SOLVING_S = 30.0
_NIGHT_S = 120.0
_ALL_S = 900.0
_STILL_THERE = "SELECT id FROM request WHERE region_id = $1 AND id = ANY($2::uuid[])"
_read_night = msgspec.json.Decoder(PreviewNight).decode


class Standing(StrEnum):
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


@dataclass(slots=True)
class Preview:
    """`base`: the rules that were in force when it began. `nights`: those that were tried so far, newest first."""

    base: OrientationPolicy
    proposed: OrientationPolicy
    of: int
    id: UUID = field(default_factory=new_id)
    state: Standing = Standing.WORKING
    failure: str | None = None
    nights: list[PreviewNight] = field(default_factory=list)


class Previewing:
    """One region's previews on this node, one at a time."""

    def __init__(self, region: Region, workers: Workers, kept_s: float = KEPT_S) -> None:
        self._region = region
        self._workers = workers
        self._kept_s = kept_s
        self._kept: dict[UUID, Preview] = {}
        self._beginning = asyncio.Lock()
        self._trying: asyncio.Task[None] | None = None

    async def begin(self, proposed: OrientationPolicy, nights: int) -> Preview:
        wrong = unsound(proposed)
        if wrong is not None:
            raise PolicyUnsound(field=wrong.field, least=wrong.least, most=wrong.most)
        if self._beginning.locked() or not (self._trying is None or self._trying.done()):
            raise PreviewRunning
        async with self._beginning:
            region = self._region
            base = await read_policy(region.pool, region.id)
            tonight = night_of(region.clock.now(), region.zone)
            past = await nights_kept(region.pool, region.id, tonight, nights)
            preview = Preview(base, proposed, len(past))
            self._keep(preview)
            self._trying = asyncio.create_task(self._try(preview, past))
        return preview

    def find(self, preview_id: UUID) -> Preview:
        found = self._kept.get(preview_id)
        if found is None:
            raise UnknownPreview(preview=str(preview_id))
        return found

    async def still_there(self, nights: Sequence[PreviewNight]) -> set[UUID]:
        """Return those of the households they name whose requests have not been erased."""
        named = {line.request for night in nights for line in (*night.gains, *night.losers)}
        rows = await self._region.pool.fetch(_STILL_THERE, self._region.id, list(named))
        return {row["id"] for row in rows}

    def _keep(self, preview: Preview) -> None:
        if len(self._kept) == _KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        self._kept[preview.id] = preview

    async def stop(self) -> None:
        """End what is being tried, with its process, and forget all of it."""
        if self._trying is not None:
            self._trying.cancel()
            with suppress(asyncio.CancelledError):
                await self._trying
        self._kept.clear()

    async def _try(self, preview: Preview, nights: Sequence[date]) -> None:
        try:
            async with asyncio.timeout(_ALL_S):
                for night in nights:
                    preview.nights += await self._night(preview, night)
            preview.state = Standing.DONE
        except TimeoutError:
            self._fail(preview, PlanOutOfTime.slug)
        except Problem as problem:
            self._fail(preview, problem.slug)
        except Exception as error:  # noqa: BLE001 -- its words may quote a household
            log.error("preview.failed", error=type(error).__name__)  # noqa: TRY400
            self._fail(preview, PlanFailed.slug)
        finally:
            asyncio.get_running_loop().call_later(self._kept_s, self._kept.pop, preview.id, None)

    async def _night(self, preview: Preview, night: date) -> list[PreviewNight]:
        """Return one, or none where the night has been erased meanwhile."""
        content = await read_content(self._region.pool, self._region.id, night)
        if content is None:
            preview.of -= 1
            return []
        task = Task(len(content), rules_of(preview.proposed), _SOLVING_S, base=rules_of(preview.base))
        return [_read_night(await self._workers.work(task, content, _NIGHT_S))]

    def _fail(self, preview: Preview, slug: str) -> None:
        preview.state, preview.failure = Standing.FAILED, slug
