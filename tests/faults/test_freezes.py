"""Servers that freeze among fifty reporters: longer than anybody waits for them, in turn, and both at once."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from inventory.model.audience import Audience
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.freezing import frozen
from tests.support.installation import installed
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

# A command to Postgres is given 5 s, a report 8 s by its reporter.
_FREEZES_S = {"postgres": 9.0, "valkey": 4.0, "postgres and valkey": 9.0}
_BETWEEN_S = 4.0
_AGREED_S = 5.0


@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_nothing_acknowledged_is_lost_to_servers_that_freeze() -> None:
    async with installed() as installation:
        estate, (node,), ledger = installation.estate, installation.nodes, Ledger()
        screen = LiveScreen(node.address, estate.headers(node.address, "staff"))
        async with watched(screen):
            async with reporting(staff_reporters(estate, node.address, ledger, seed=11), finish_s=60.0):
                for names, seconds in _FREEZES_S.items():
                    await asyncio.sleep(_BETWEEN_S)
                    with ExitStack() as stack:
                        for name in names.split(" and "):
                            stack.enter_context(frozen(getattr(installation.embedded, name)))
                        await asyncio.sleep(seconds)
                await asyncio.sleep(_BETWEEN_S)
            watchers = [(screen, Audience(own=frozenset(estate.shelters)))]
            agreed_s = await agreed_within(installation.settings, estate.region_id, watchers, _AGREED_S)
        print(
            f"{len(ledger.acknowledged)} acknowledged, longest silence {ledger.longest_gap():.1f} s, {ledger.attempts}"
        )
        print(f"all agreed {agreed_s:.2f} s after the last acknowledgement")
        assert not ledger.wrong, ledger.wrong[:10]
        await assert_truth(installation.settings, estate.region_id, ledger)
