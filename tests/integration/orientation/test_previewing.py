"""A preview on a node: how it ends, is forgotten, and dies with the node. Its worker hangs, fails, or answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from inventory.problems import PolicyUnsound
from inventory.region import Region
from kernel.problems import Problem
from orientation.distributing import previewing
from orientation.distributing.cases import keep_case
from orientation.distributing.previewing import Previewing, Standing
from orientation.distributing.problems import PlanFailed, UnknownPreview
from orientation.distributing.results import Task
from orientation.distributing.working import Workers
from orientation.model.policy import OrientationPolicy
from orientation.planning.previewing import PreviewNight
from tests.integration.inventory.acting import BRUSSELS, NIGHT, at
from tests.integration.kernel.live.waiting import eventually
from tests.integration.orientation.conftest import Desk

RULES = OrientationPolicy()
NIGHT_TOLD = msgspec.json.encode(
    PreviewNight(
        night=NIGHT, case_at=at("18:00"), households=0, people=0, placed=0, placed_base=0, gained=0, lost=0, gains=[],
        losers=[], groups=[], gap=0.0,
    )
)  # fmt: skip


@dataclass(slots=True)
class Worker:
    """Hangs until it is ended where it has no outcome; keeps what it was given."""

    outcome: Exception | bytes | None = NIGHT_TOLD
    meanwhile: Callable[[], Awaitable[Any]] | None = None
    given: list[bytes] = field(default_factory=list)
    ended: int = 0

    async def work(self, task: Task, case: bytes, within_s: float) -> bytes:
        assert task.size == len(case)
        assert within_s > 2 * task.time_limit_s
        self.given.append(case)
        try:
            if self.meanwhile is not None:
                await self.meanwhile()
            if self.outcome is None:
                await asyncio.Event().wait()
            if isinstance(self.outcome, Exception):
                raise self.outcome
            assert isinstance(self.outcome, bytes)
            return self.outcome
        finally:
            self.ended += 1


@pytest.fixture
def worker() -> Worker:
    return Worker()


def previews(desk: Desk, worker: Worker, **said: Any) -> Previewing:
    clock = SimpleNamespace(now=lambda: at("18:00"))
    region = SimpleNamespace(id=desk.region_id, pool=desk.pool, zone=BRUSSELS, clock=clock)
    return Previewing(cast("Region", region), cast("Workers", worker), **said)


@pytest.fixture
async def node(desk: Desk, worker: Worker) -> AsyncIterator[Previewing]:
    """Four nights are kept: two that are past, tonight's, and one that is still to come, by a clock that jumped."""
    for days in (-2, -1, 0, 1):
        await keep_case(desk.pool, desk.region_id, NIGHT + timedelta(days=days), at("18:00"), b"night %d" % days)
    node = previews(desk, worker)
    yield node
    await node.stop()


async def test_the_newest_nights_are_tried_first_and_neither_tonight_nor_what_is_still_to_come(
    node: Previewing, worker: Worker
) -> None:
    preview = await node.begin(RULES, 14)
    await eventually(lambda: preview.state is Standing.DONE)
    assert worker.given == [b"night -1", b"night -2"]
    assert (len(preview.nights), preview.of, preview.failure) == (2, 2, None)
    one = await node.begin(RULES, 1)
    await eventually(lambda: one.state is Standing.DONE)
    assert worker.given[2:] == [b"night -1"]


@pytest.mark.parametrize(
    "outcome, slug",
    [
        (PlanFailed(), "plan-failed"),
        (ValueError("of a household"), "plan-failed"),
        (TimeoutError(), "plan-out-of-time"),
        (b"{}", "plan-failed"),
    ],
)
async def test_one_that_fails_says_so_and_the_next_may_begin(
    node: Previewing, worker: Worker, outcome: Problem | bytes, slug: str
) -> None:
    worker.outcome = outcome
    preview = await node.begin(RULES, 14)
    await eventually(lambda: preview.state is not Standing.WORKING)
    assert (preview.state, preview.failure) == (Standing.FAILED, slug)
    worker.outcome = NIGHT_TOLD
    again = await node.begin(RULES, 1)
    await eventually(lambda: again.state is Standing.DONE)


async def test_what_hangs_is_ended_in_time(node: Previewing, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "_ALL_S", 0.05)
    worker.outcome = None
    preview = await node.begin(RULES, 14)
    await eventually(lambda: preview.failure == "plan-out-of-time")
    assert (worker.ended, preview.nights) == (1, [])


async def test_it_dies_with_the_node_and_nothing_of_it_is_left(node: Previewing, worker: Worker) -> None:
    worker.outcome = None
    preview = await node.begin(RULES, 14)
    await eventually(lambda: len(worker.given) == 1)
    await node.stop()
    assert worker.ended == 1
    with pytest.raises(UnknownPreview):
        node.find(preview.id)


async def test_it_is_forgotten_when_its_time_is_over(desk: Desk, worker: Worker) -> None:
    node = previews(desk, worker, kept_s=0.0)
    preview = await node.begin(RULES, 14)
    assert node.find(preview.id) is preview
    await eventually(lambda: preview.id not in node._kept)
    with pytest.raises(UnknownPreview):
        node.find(preview.id)
    # Nothing was kept of this region's nights: there is nothing to try, and nothing fails.
    assert (preview.state, preview.of, worker.given) == (Standing.DONE, 0, [])


async def test_rules_that_cannot_be_meant_are_refused_before_anything_is_read(node: Previewing, worker: Worker) -> None:
    with pytest.raises(PolicyUnsound):
        await node.begin(replace(RULES, barred_nights=1_000), 14)
    assert worker.given == []


async def test_a_night_that_was_erased_meanwhile_is_left_out(node: Previewing, worker: Worker, desk: Desk) -> None:
    worker.meanwhile = lambda: desk.pool.execute("DELETE FROM night_case WHERE night < $1", NIGHT - timedelta(days=1))
    preview = await node.begin(RULES, 14)
    assert preview.of == 2
    await eventually(lambda: preview.state is Standing.DONE)
    assert (worker.given, preview.of, len(preview.nights)) == ([b"night -1"], 1, 1)
