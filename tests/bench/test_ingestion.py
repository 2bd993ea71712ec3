"""How many single reports a node takes, and what the lane has to do with it: the same node with batches of one.

Nothing is asserted of the figures: they are this machine's, with the client and all servers on it.
"""

from __future__ import annotations

import os
from statistics import median

import pytest

from tests.bench.pumping import Pumped, pump
from tests.support.installation import installed
from tests.support.running import Server

_ROUNDS = 4
_ROUND_S = 4.0
_CLIENTS = 64
_WARM_S = 2.0


@pytest.mark.bench
async def test_single_reports_with_group_commits_and_without() -> None:
    async with installed() as installation:
        alone = Server(installation.settings, variables={"HALTE_LANE_BATCH_MAX": "1"})
        await alone.start()
        installation.nodes.append(alone)
        nodes = dict(zip(("group commits", "a transaction each"), installation.nodes, strict=True))
        rounds: dict[str, list[Pumped]] = {name: [] for name in nodes}
        for node in nodes.values():
            await pump(installation.estate, node.address, _CLIENTS, _WARM_S)
        # In turns, so that whatever else the machine does meets both alike.
        for _ in range(_ROUNDS):
            for name, node in nodes.items():
                rounds[name].append(await pump(installation.estate, node.address, _CLIENTS, _ROUND_S))
    _print_figures(rounds)
    assert sum(one.refused for every in rounds.values() for one in every) == 0


def _print_figures(rounds: dict[str, list[Pumped]]) -> None:
    print(f"\n{_CLIENTS} clients, one report of one unit each, {_ROUNDS} rounds of {_ROUND_S:.0f} s in turns")
    print(f"client, node, Postgres (fsync on) and Valkey on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, every in rounds.items():
        rates = sorted(one.per_s for one in every)
        middle, late = (median(one.percentile_ms(share) for one in every) for share in (0.5, 0.99))
        print(
            f"{name}: {median(rates):.0f} reports/s (rounds {rates[0]:.0f} to {rates[-1]:.0f}), "
            f"answered after {middle:.0f} ms, 99 % within {late:.0f} ms"
        )
    grouped, single = (median(one.per_s for one in every) for every in rounds.values())
    print(f"ratio of the medians: {grouped / single:.2f}")
