"""How long a report takes from being accepted on one node until it is shown by the screens of another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.measuring import conditions, fsync_ms, spread, told
from tests.bench.reporting import Reporters, confined, pin, process_of
from tests.bench.watchers import Watcher, watching
from tests.support.installation import installed
from tests.support.running import Server

_ROUNDS, _ROUND_S = 5, 3.0
_SCREENS, _PER_S, _CONNECTIONS, _TICK_MS = 200, 200, 64, 50
_SHELTERS = 50
_NODES_CORE, _OTHER_CORE = 0, 1


@pytest.mark.bench
async def test_from_an_accepted_report_to_the_screens_of_another_node(tmp_path: Path) -> None:
    tick = {"HALTE_BOARD_TICK_MS": str(_TICK_MS)}
    with confined(_OTHER_CORE):
        async with installed(shelters=_SHELTERS) as installation:
            to, by = installation.nodes[0], Server(installation.settings, variables=tick)
            await by.start()
            installation.nodes.append(by)
            for node in (to, by):
                pin(process_of(node), _NODES_CORE)
            reporters, rounds = Reporters(installation.estate, tmp_path), []
            headers = installation.estate.headers(by.address, "staff")
            async with watching(by.port, headers, _SCREENS) as screens:
                await reporters.run(to, _CONNECTIONS, 1.0, _PER_S)
                for _ in range(_ROUNDS):
                    log = tmp_path / "reports"
                    await reporters.run(to, _CONNECTIONS, _ROUND_S, _PER_S, log)
                    rounds.append(_took_ms(log, screens))
                assert not any(screen.lost for screen in screens)
    print(f"\n{_PER_S} reports/s to node 0, {_SCREENS} screens on node 1, tick {_TICK_MS} ms, {_SHELTERS * 8} units")
    print(conditions(f"both nodes on core {_NODES_CORE}", f"all else on core {_OTHER_CORE}"), end="")
    print(f", fdatasync of 8 KiB: {fsync_ms(tmp_path):.2f} ms")
    half, late = ([_percentile(took, share) for took in rounds] for share in (0.5, 0.99))
    print(f"accepted to shown: half within {spread(half, 1, ' ms')}, 99 % within {spread(late, 1, ' ms')}")
    told("half of the reports", sorted(half)[_ROUNDS // 2], 80, "ms")
    told("99 % of the reports", sorted(late)[_ROUNDS // 2], 250, "ms")


def _took_ms(log: Path, screens: list[Watcher]) -> list[float]:
    """Return how long after its answer each report was on each screen; before it counts as at once."""
    took, reports = [], 0
    last: dict[str, int] = {}
    for line in log.read_text("utf-8").splitlines():
        unit, seq, _, answered = line.split()
        last[unit] = max(last.get(unit, 0), int(seq))
        reports += 1
        took += [max(0, at - int(answered)) / 1e6 for one in screens if (at := one.shown.get(int(seq))) is not None]
    # What a newer state has overtaken within a tick is not shown by itself; the last one of each unit is.
    assert len(took) >= 0.95 * reports * len(screens), f"{len(took)} of {reports * len(screens)} states were shown"
    return took


def _percentile(took: list[float], share: float) -> float:
    return sorted(took)[int(share * (len(took) - 1))]
