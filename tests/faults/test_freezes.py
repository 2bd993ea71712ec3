"""Servers that freeze for half a minute among fifty reporters, in turn and both: nobody waits long, nothing leaks."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from inventory.model.audience import Audience
from tests.integration.kernel.live.waiting import eventually
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.freezing import frozen
from tests.support.installation import Installation, installed
from tests.support.probing import Probes, probing, slots_taken
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

_FREEZES = (("postgres",), ("valkey",), ("postgres", "valkey"))
_FROZEN_S = 30.0
_BETWEEN_S = 5.0
_AGREED_S = 5.0
# What a request may take of somebody's patience, whatever becomes of it.
_ANSWERED_S = 5.0


@pytest.mark.faults
@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_lost_to_servers_that_freeze() -> None:
    async with installed() as installation:
        estate, (node,), ledger = installation.estate, installation.nodes, Ledger()
        screen = LiveScreen(node.address, estate.headers(node.address, "staff"))
        async with watched(screen):
            async with reporting(staff_reporters(estate, node.address, ledger, seed=11), finish_s=60.0):
                for names in _FREEZES:
                    await asyncio.sleep(_BETWEEN_S)
                    await _freeze(installation, names)
                await asyncio.sleep(_BETWEEN_S)
            watchers = [(screen, Audience(own=frozenset(estate.shelters)))]
            agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, _AGREED_S)
        print(
            f"{len(ledger.acknowledged)} acknowledged, longest silence {ledger.longest_gap():.1f} s, {ledger.attempts}"
        )
        print(f"all agreed {agreed_s:.2f} s after the last acknowledgement")
        assert not ledger.wrong, ledger.wrong[:10]
        await assert_truth(installation.settings, estate.region_id, ledger)


async def _freeze(installation: Installation, names: tuple[str, ...]) -> None:
    """Freeze these, ask all the while, and see that afterwards no connection is kept from the next."""
    (node,) = installation.nodes
    probes = Probes(installation.estate, node.address)
    async with probing(probes):
        await eventually(probes.all_asked, 10.0)
        assert probes.told().keys() <= {"200", "201"}, probes.waited
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(frozen(getattr(installation.embedded, name)))
            await asyncio.sleep(_FROZEN_S)

    async def all_given_back() -> bool:
        return not any((await slots_taken(node.address)).values())

    given_back_s = await eventually(all_given_back, 10.0)
    longest = sorted(probes.longest().items(), key=lambda one: -one[1])
    print(f"{' and '.join(names)} frozen for {_FROZEN_S:.0f} s: {len(probes.waited)} questions, {probes.told()}")
    print("longest " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in longest))
    print(f"all connections given back {given_back_s:.2f} s later")
    assert longest[0][1] < _ANSWERED_S, longest
