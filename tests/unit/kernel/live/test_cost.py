"""What a tick costs: bodies are judged when they change, encoded once for all, and the loop runs in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Hashable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from kernel.ids import new_id
from kernel.live.connection import Connection
from kernel.live.hub import Hub
from kernel.live.mirror import Mirror
from kernel.live.shelves import Lens, Shelf
from tests.unit.kernel.live.playing import KINDS, Cable, History, Screen, board_of, body_of, connect, judge, sight

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
UNITS = [new_id() for _ in range(40)]
OWNERS = [f"owner {number}" for number in range(20)]


class Region:
    """Forty units of twenty owners, every fourth one secret, and a lens that counts."""

    def __init__(self) -> None:
        self.judged = 0
        self.history = History()
        self.mirror = Mirror(self.history.region_id)
        self.mirror.replace(self.history.head(), ())
        self.hub = Hub(self.mirror, Lens(self.judge, self.sight), lambda: NOW, KINDS, 15.0)
        self.write(UNITS, 1)

    def judge(self, kind: str, body: bytes) -> tuple[str, bytes | None]:
        self.judged += 1
        return judge(kind, body)

    def sight(self, audience: Hashable) -> tuple[frozenset[str], bool]:
        """`("board", x)`: x's own exactly, and all others; `("own", x)`: x's own and nothing else."""
        if isinstance(audience, tuple):
            return frozenset([audience[1]]), audience[0] == "own"
        return sight(audience)

    def write(self, units: list[UUID], free: int) -> None:
        changes = [(unit, self.body(unit, free)) for unit in units]
        self.mirror.apply(self.history.write(changes))

    def body(self, unit: UUID, free: int) -> bytes:
        number = UNITS.index(unit)
        return body_of(unit, free, secret=number % 4 == 0, owner=OWNERS[number % 20])

    def join(self, audience: Hashable) -> tuple[Connection, Cable]:
        connection, cable = connect()
        self.hub.join(connection, audience, 20, None, None)
        return connection, cable


@pytest.fixture
def region() -> Region:
    return Region()


def test_a_body_is_judged_once_however_many_look(region: Region) -> None:
    for owner in OWNERS:
        region.join(("own", owner))
        region.join(("board", owner))
    region.hub.flush()
    region.write(UNITS[:7], 2)
    region.hub.flush()
    region.hub.beat()
    for owner in OWNERS:
        board_of(region.hub, ("board", owner))
    assert region.judged == len(UNITS) + 7


def test_a_mask_is_encoded_once_for_all_who_are_masked(region: Region) -> None:
    shown = [board_of(region.hub, audience).kinds["unit"] for audience in ("public", "anybody", ("board", OWNERS[0]))]
    assert all(one is other for one, other in zip(shown[0], shown[1], strict=True))
    # Units 0 and 20 are its own, and secret; the others it sees as everybody does.
    assert [number for number in range(40) if shown[0][number] is not shown[2][number]] == [0, 20]


def test_who_sees_only_their_own_pays_for_no_others(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[Shelf] = []
    everything = region.hub._shelves.all

    def watched(shelf: Shelf, seq: int, since: object = Shelf.since) -> object:
        looked_at.append(shelf)
        return since(shelf, seq)  # type: ignore[operator]

    monkeypatch.setattr(Shelf, "since", watched)
    connection, cable = region.join(("own", OWNERS[3]))
    region.hub.flush()
    region.hub.acknowledge(connection, connection.to)
    region.write(UNITS, 5)
    region.hub.flush()
    assert [len(frame["units"]) for frame in cable.frames] == [2, 2]
    assert looked_at
    assert everything not in looked_at


Seat = tuple[tuple[str, str], Screen, Connection, Cable]


def deliver(region: Region, seats: list[Seat]) -> None:
    """Let screens hear what lies before them, and acknowledge."""
    for _, screen, connection, cable in seats:
        while (frame := cable.take()) is not None:
            ack = screen.hear(frame)
            if ack is not None:
                region.hub.acknowledge(connection, ack)


def shows(region: Region, screen: Screen, audience: tuple[str, str]) -> bool:
    fresh = [json.loads(wire) for wire in board_of(region.hub, audience).kinds["unit"]]
    return screen.board == {unit["id"]: unit for unit in fresh}


async def test_other_work_runs_between_two_channels_of_a_tick(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that waits for its next statement must not wait for the whole tick; and I7 holds through it."""
    monkeypatch.setattr("kernel.live.hub._SLICE_S", 0.0)
    audiences = [(way, owner) for way in ("own", "board") for owner in OWNERS]
    seats: list[Seat] = [(audience, Screen(), *region.join(audience)) for audience in audiences]
    region.hub.start()
    served: set[int] = set()
    for step in range(400):
        await asyncio.sleep(0)
        served.add(sum(bool(cable.written) for _, _, _, cable in seats))
        region.write([UNITS[step % 40]], step % 9)
        deliver(region, seats[step % 3 :: 3])
    assert len(served) > len(OWNERS), "the loop ran between most channels of the first tick"
    async with asyncio.timeout(10):
        while not all(shows(region, screen, audience) for audience, screen, _, _ in seats):
            await asyncio.sleep(0.02)
            deliver(region, seats)
    await region.hub.stop()
