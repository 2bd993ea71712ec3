"""SIGKILL among reporters: nothing acknowledged is lost, and everybody agrees soon after.

Nine times wherever tests are run. In `make faults` sixty times, and ten times a Valkey that has lost what it had, among
two hundred reporters and fifty who hold places, on two nodes.

The order is drawn from a seed that is printed; HALTE_FAULT_SEED=… repeats it, timing aside.
"""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import replace

import pytest

from inventory.model.audience import Audience
from kernel.postgres import open_pool
from orientation.model.audience import DESK
from tests.faults.harness import LOSSES, VICTIMS, Killer
from tests.faults.test_placement_kills import count_all
from tests.support.agreeing import Watcher, agreed_within, assert_truth
from tests.support.installation import installed
from tests.support.placers import Placer, Promises, assert_promises_kept, placing
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

_KILLS, _KILLS_MANY, _LOSSES = 9, 60, 10
_HOLDERS = 50
_PAUSE_S = (0.2, 1.5)
# Two hundred in one process of Python, beside all that they speak to.
_UNHURRIED_S = (0.6, 2.0)
_AGREED_S = 2.0
# Everybody is up again, and has a moment to say so.
_CALM_S = 3.0
# After a kill that came alone, from the moment the process runs again: how fast one starts is the machine's affair.
_BACK_S = 5.0
# Two may be down at once, one after the other: then the silence is longer, and on a busy machine longer still.
_SILENCE_S = 30.0


def _seed() -> int:
    seed = int(os.environ.get("HALTE_FAULT_SEED") or random.randrange(1_000_000))
    print(f"HALTE_FAULT_SEED={seed}")
    return seed


@pytest.mark.timeout(240)
async def test_nothing_acknowledged_is_lost_to_kills() -> None:
    seed = _seed()
    async with installed() as installation:
        estate, (node,), ledger = installation.estate, installation.nodes, Ledger()
        killer = Killer(installation, ledger, random.Random(seed))
        staff = LiveScreen(node.address, estate.headers(node.address, "staff"))
        desk = LiveScreen(node.address, estate.headers(node.address, "desk"))
        watchers = [(staff, Audience(own=frozenset(estate.shelters))), (desk, Audience())]
        async with watched(staff, desk):
            async with reporting(staff_reporters(estate, node.address, ledger, seed)):
                await killer.run(_KILLS, _PAUSE_S)
                await asyncio.sleep(_CALM_S)
            agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, _AGREED_S)
        _print_times(killer, ledger, agreed_s, (staff, desk))
        _assert_back(killer, ledger)
        await assert_truth(installation.settings, estate.region_id, ledger)


@pytest.mark.faults
@pytest.mark.timeout(1_200)
async def test_nothing_acknowledged_is_lost_to_kills_on_two_nodes() -> None:
    seed = _seed()
    async with installed(nodes=2) as installation:
        estate, nodes = installation.estate, installation.nodes
        ledger, promises = Ledger(), Promises()
        await count_all(estate, nodes[0].address)
        killer = Killer(installation, ledger, random.Random(seed))
        everything = Audience(own=frozenset(estate.shelters))
        watchers: list[Watcher] = [
            (LiveScreen(node.address, estate.headers(node.address, login), path), audience)
            for node in nodes
            for login, path, audience in (("staff", "/live/board", everything), ("desk", "/live/desk", DESK))
        ]
        reporters = [
            one
            for number, node in enumerate(nodes)
            for one in staff_reporters(estate, node.address, ledger, seed + number, count=100)
        ]
        for one in reporters:
            one.pause_s = _UNHURRIED_S
        # Who is refused by the secret one again and again, as among so many reporters, is told to telephone.
        open_to_all = replace(estate, units=dict(list(estate.units.items())[:-1]))
        holders = [
            Placer(nodes[number % 2].address, open_to_all, promises, random.Random(seed * 1_000 + number))
            for number in range(_HOLDERS)
        ]
        screens = tuple(screen for screen, _ in watchers)
        async with watched(*screens):
            async with reporting(reporters, finish_s=60.0), placing(holders):
                await killer.run(_KILLS_MANY, _PAUSE_S, _LOSSES)
                await asyncio.sleep(_CALM_S)
            agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, _AGREED_S)
        _print_times(killer, ledger, agreed_s, screens)
        print(f"{len(promises.acts)} placements, {promises.taken} taken, {promises.ledger.attempts}")
        assert not promises.ledger.wrong, promises.ledger.wrong[:10]
        _assert_back(killer, ledger)
        await assert_truth(installation.settings, estate.region_id, ledger)
        pool = await open_pool(installation.settings, "test")
        try:
            await assert_promises_kept(pool, promises)
        finally:
            await pool.close()


def _assert_back(killer: Killer, ledger: Ledger) -> None:
    assert not ledger.wrong, ledger.wrong[:10]
    assert ledger.longest_gap() < _SILENCE_S
    assert max(ledger.back_after(kill.up) for kill in killer.kills if kill.alone) < _BACK_S


def _print_times(killer: Killer, ledger: Ledger, agreed_s: float, screens: tuple[LiveScreen, ...]) -> None:
    for victim in (*VICTIMS, *LOSSES):
        mine = [kill for kill in killer.kills if kill.victim == victim]
        if not mine:
            continue
        back = " ".join(f"{ledger.back_after(kill.at):.2f}" for kill in mine)
        up = " ".join(f"{kill.up - kill.at:.2f}" for kill in mine)
        print(f"{victim}: up again after {up} s; a report acknowledged after {back} s")
    alone = [ledger.back_after(kill.up) for kill in killer.kills if kill.alone]
    print(f"{len(alone)} kills came alone; once up again, a report passed after at most {max(alone):.2f} s")
    print(f"{len(ledger.acknowledged)} acknowledged, longest silence {ledger.longest_gap():.2f} s, {ledger.attempts}")
    for screen in screens:
        print(f"screen: {screen.connects} connects, {screen.snapshots} snapshots, {screen.gaps} gaps")
    print(f"all agreed {agreed_s:.2f} s after the last acknowledgement")
