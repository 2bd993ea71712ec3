"""A node ends in time, whatever its servers do; and the tests would notice one that does not."""

from __future__ import annotations

import asyncio
import sys
import time

import httpx
import pytest

from kernel.ids import new_id
from kernel.settings import Settings
from tests.support import running
from tests.support.estate import NO_TLS
from tests.support.freezing import frozen
from tests.support.installation import installed
from tests.support.running import Server
from tests.support.watching import LiveScreen, watched

# Containers are killed 10 s after they were told to stop.
_ENDS_WITHIN_S = 10.0
_DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


async def test_a_node_ends_in_time_though_postgres_is_frozen_under_a_report() -> None:
    async with installed() as installation:
        estate, (node,) = installation.estate, installation.nodes
        shelter = estate.shelters[0]
        body = {"shelter": str(shelter), "units": [{"unit": str(estate.units[shelter][0]), "free": 3}]}
        headers = estate.key_headers(shelter)
        screen = LiveScreen(node.address, estate.headers(node.address, "desk"))
        async with httpx.AsyncClient(headers=headers, verify=NO_TLS, timeout=30) as client, watched(screen):
            with frozen(installation.embedded.postgres):
                report = asyncio.create_task(client.put(f"{node.address}/api/v1/reports/{new_id()}", json=body))
                await asyncio.sleep(0.3)
                began = time.monotonic()
                await node.stop()
                took = time.monotonic() - began
                (answer,) = await asyncio.gather(report, return_exceptions=True)
    print(f"ended {took:.1f} s after SIGTERM; the report was told {answer!r}")
    assert took < _ENDS_WITHIN_S
    assert not isinstance(answer, httpx.Response) or answer.status_code >= 500, "nothing was kept, so nobody is told so"


async def test_a_server_that_does_not_end_fails_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_STOP_S", 0.3)
    deaf = Server(Settings())
    deaf.process = await asyncio.create_subprocess_exec(sys.executable, "-c", _DEAF, stdout=asyncio.subprocess.PIPE)
    assert deaf.process.stdout is not None
    await deaf.process.stdout.readline()
    process = deaf.process
    with pytest.raises(pytest.fail.Exception, match="did not end"):
        await deaf.stop()
    assert process.returncode is not None, "it is not left behind"
