"""SIGKILL among fifty reporters: nothing acknowledged is lost, and everybody agrees soon after.

Nine times wherever tests are run, sixty times in `make faults`.

The order is drawn from a seed that is printed; HALTE_FAULT_SEED=… repeats it, timing aside.
"""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from inventory.model.audience import Audience
from tests.faults.harness import VICTIMS, Killer
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.installation import Installation, installed
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

_PAUSE_S = (0.2, 1.5)
# Everybody is up again, and has a moment to say so.
_CALM_S = 3.0
# After a kill that came alone, from the moment the process runs again: how fast one starts is the machine's affair.
_BACK_S = 5.0
# Two may be down at once, one after the other: then the silence is longer, and on a busy machine longer still.
_SILENCE_S = 30.0


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(9, marks=pytest.mark.timeout(240)),
        pytest.param(60, marks=[pytest.mark.faults, pytest.mark.timeout(540)]),
    ],
)
async def test_nothing_acknowledged_is_lost_to_kills(kills: int) -> None:
    seed = int(os.environ.get("HALTE_FAULT_SEED") or random.randrange(1_000_000))
    print(f"HALTE_FAULT_SEED={seed}")
    async with installed() as installation:
        await _kill_and_compare(installation, seed, kills)


async def _kill_and_compare(installation: Installation, seed: int, kills: int) -> None:
    estate, (node,) = installation.estate, installation.nodes
    ledger = Ledger()
    killer = Killer(installation, ledger, random.Random(seed))
    staff = LiveScreen(node.address, estate.headers(node.address, "staff"))
    desk = LiveScreen(node.address, estate.headers(node.address, "desk"))
    async with watched(staff, desk):
        async with reporting(staff_reporters(estate, node.address, ledger, seed)):
            await killer.run(kills, _PAUSE_S)
            await asyncio.sleep(_CALM_S)
        watchers = [(staff, Audience(own=frozenset(estate.shelters))), (desk, Audience())]
        agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, 2.0)
    _print_times(killer, ledger, agreed_s, (staff, desk))
    assert not ledger.wrong, ledger.wrong[:10]
    await assert_truth(installation.settings, estate.region_id, ledger)
    assert ledger.longest_gap() < _SILENCE_S
    assert max(ledger.back_after(kill.up) for kill in killer.kills if kill.alone) < _BACK_S


def _print_times(killer: Killer, ledger: Ledger, agreed_s: float, screens: tuple[LiveScreen, ...]) -> None:
    for victim in VICTIMS:
        mine = [kill for kill in killer.kills if kill.victim == victim]
        back = " ".join(f"{ledger.back_after(kill.at):.2f}" for kill in mine)
        up = " ".join(f"{kill.up - kill.at:.2f}" for kill in mine)
        print(f"{victim}: up again after {up} s; a report acknowledged after {back} s")
    alone = [ledger.back_after(kill.up) for kill in killer.kills if kill.alone]
    print(f"{len(alone)} kills came alone; once up again, a report passed after at most {max(alone):.2f} s")
    print(f"{len(ledger.acknowledged)} acknowledged, longest silence {ledger.longest_gap():.2f} s, {ledger.attempts}")
    for screen in screens:
        print(f"screen: {screen.connects} connects, {screen.snapshots} snapshots, {screen.gaps} gaps")
    print(f"all agreed {agreed_s:.2f} s after the last acknowledgement")
