"""The drill: a dump of a region in use, later writes, the restore by the commands of docs/operating.md, and everybody.

Screens that stay open remember later numbers than the restored journal has: they must drop them (I6).
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx
import pytest

from halte.embedded.binaries import locate_binaries
from inventory.model.audience import Audience
from kernel.settings import Settings
from orientation.model.audience import DESK
from tests.faults.test_placement_kills import count_all
from tests.support.agreeing import agreed_within, assert_truth
from tests.support.installation import Installation, installed
from tests.support.placers import Placer, Promises, placing
from tests.support.reporters import Ledger, reporting, staff_reporters
from tests.support.watching import LiveScreen, watched

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "operating.md"
_BEFORE_S, _AFTER_S = 1.5, 1.5


def documented(program: str) -> str:
    """Return the page's commands from the block that begins with this program."""
    blocks = re.findall(r"```sh\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    (block,) = (str(block) for block in blocks if block.startswith(program))
    return block


def _type(commands: str, settings: Settings, folder: Path) -> str:
    """Type them as an operator would, in `folder`."""
    halte = folder / "halte"
    halte.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from halte.cli import main; main()" "$@"\n')
    halte.chmod(0o755)
    environment = {
        "PATH": f"{folder}:{locate_binaries().postgres_bin}:{os.environ['PATH']}",
        "PYTHONPATH": str(_PAGE.parents[1]),
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "HALTE_SECRET_KEY": settings.secret_key or "",
        "HALTE_DEMO": "1",
    }
    done = subprocess.run(
        ["sh", "-exc", commands], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def _epoch_and_seq(settings: Settings) -> tuple[str, int]:
    connection = await asyncpg.connect(settings.database_url)
    row = await connection.fetchrow("SELECT epoch, seq FROM region")
    await connection.close()
    assert row is not None
    return str(row["epoch"]), row["seq"]


@pytest.mark.timeout(240)
async def test_a_region_in_use_is_dumped_and_restored_and_every_screen_follows(tmp_path: Path) -> None:
    async with installed() as installation:
        estate, (node,), settings = installation.estate, installation.nodes, installation.settings
        await count_all(estate, node.address)
        watchers = [
            (LiveScreen(node.address, estate.headers(node.address, login), path), audience)
            for login, path, audience in (
                ("staff", "/live/board", Audience(own=frozenset(estate.shelters))),
                ("desk", "/live/desk", DESK),
            )
        ]
        async with watched(*(screen for screen, _ in watchers)):
            kept = await _use_and_dump(installation, tmp_path)
            await agreed_within(settings, estate.region_id, watchers, 5.0)
            epoch, later = await _epoch_and_seq(settings)
            await node.stop()
            said = await asyncio.to_thread(_type, documented("pg_restore"), settings, tmp_path)
            assert "new epoch" in said
            renewed, seq = await _epoch_and_seq(settings)
            assert renewed != epoch
            assert seq < later, "nothing was written after the dump: the test shows nothing"
            await node.start()
            # The same pages, which nobody has loaded again.
            await agreed_within(settings, estate.region_id, watchers, 15.0)
            await _go_on(installation)
            await agreed_within(settings, estate.region_id, watchers, 5.0)
        await assert_truth(settings, estate.region_id, kept)


async def _use_and_dump(installation: Installation, folder: Path) -> Ledger:
    """Return what was acknowledged before the dump began: all of it must be in there."""
    estate, (node,), kept, after = installation.estate, installation.nodes, Ledger(), Ledger()
    placers = [Placer(node.address, estate, Promises(), random.Random(number)) for number in range(3)]
    async with placing(placers):
        async with reporting(staff_reporters(estate, node.address, kept, seed=1, count=5)):
            await asyncio.sleep(_BEFORE_S)
        async with reporting(staff_reporters(estate, node.address, after, seed=2, count=5)):
            await asyncio.to_thread(_type, documented("pg_dump"), installation.settings, folder)
            await asyncio.sleep(_AFTER_S)
    assert kept.acknowledged
    assert after.acknowledged
    assert not kept.wrong + after.wrong
    return kept


async def _go_on(installation: Installation) -> None:
    """A key and a session of before the dump still open the doors."""
    estate, node = installation.estate, installation.nodes[0]
    await count_all(estate, node.address)
    async with httpx.AsyncClient(headers=estate.headers(node.address, "desk")) as desk:
        assert (await desk.get(f"{node.address}/api/v1/board")).status_code == 200
