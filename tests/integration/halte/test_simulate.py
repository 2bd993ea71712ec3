"""A night of an invented region through a real server: what the board shows of it, and that it stands a blow."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from halte.demo.inventing import invent
from halte.embedded import running
from halte.replay.doors import serving
from halte.simulate.casting import cast
from halte.simulate.evening import draw
from halte.simulate.happening import Moved, Reported
from halte.simulate.housing import furnish
from halte.simulate.pacing import NoDemonstration
from halte.simulate.staging import AnotherRegion, prepare
from halte.visiting.calling import Caller, Refused
from inventory.lane.working import SYSTEM
from inventory.verifying import verify_region
from kernel.ids import new_id
from kernel.postgres import Pool
from kernel.redis import open_redis
from kernel.settings import Settings
from tests.support.evenings import SEED, SIZE, Playing, passed, playing
from tests.support.region import PASSWORD, found_region
from tests.support.running import Running

_HALTE = "from halte.cli import main; main()"


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _HALTE, "simulate", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": ":".join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.timeout(300)
def test_a_night_that_was_killed_goes_on_and_counts_nothing_twice(open_folder: Path) -> None:
    arguments = ("--data-dir", open_folder / "data", "--size", SIZE)
    process = start(*arguments)
    assert process.stdout is not None
    for line in process.stdout:
        if " 18:00: the board is what was said" in line:
            process.kill()
    assert process.wait(30) == -signal.SIGKILL
    process = start(*arguments)
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert said.count(": the board is what was said, ") >= 4, said
    assert "Whenever it was looked at, the board was what was said." in said
    assert " known already" in said
    assert "\nbrussels: clean at seq " in said
    asyncio.run(the_night_stands_once(open_folder / "data", date.fromisoformat(said.partition("night of ")[2][:10])))


async def the_night_stands_once(data_dir: Path, night: date) -> None:
    """Every report and movement of the night has one row, those of the first run too."""
    with running(data_dir, os.environ.get("HALTE_RUN_AS")) as servers:
        connection = await asyncpg.connect(servers.database_url)
        told = {row["id"] for row in await connection.fetch("SELECT id FROM report WHERE actor_id <> $1", SYSTEM)}
        moved = {row["id"] for row in await connection.fetch("SELECT id FROM movement")}
        region_id = await connection.fetchval("SELECT id FROM region")
        await connection.close()
    drawn = draw(furnish(region_id, invent(region_id, SEED, SIZE), SEED), night, ZoneInfo("Europe/Brussels"))
    assert told == {one.id for one in drawn.events if isinstance(one, Reported)}
    assert moved == {one.id for one in drawn.events if isinstance(one, Moved)}


@pytest.mark.timeout(240)
async def test_the_board_shows_what_goes_wrong_in_an_evening(settings: Settings, pool: Pool) -> None:
    async with playing(settings) as played:
        await at_18_some_have_counted_and_some_are_asked_to(played)
        await at_22_it_shows_who_fell_silent_and_what_is_stuck(played)
        await in_the_morning_the_cold_plan_is_over(played)
    links = open_redis(settings, "test")
    try:
        found = await verify_region(pool, links, await pool.fetchval("SELECT id FROM region"))
    finally:
        if links is not None:
            await links.close()
    assert found.clean, "\n".join(map(str, found.differences))


async def at_18_some_have_counted_and_some_are_asked_to(played: Playing) -> None:
    await played.until(time(17, 20))
    assert {one["status"] for one in surge_units(played, await played.units())} == {"closed"}
    await played.until(time(17, 45))
    units = await played.units()
    awaiting = [unit for unit in units.values() if unit["status"] == "awaiting-report"]
    assert {unit["id"] for unit in surge_units(played, units)} <= {unit["id"] for unit in awaiting}, (
        "asked, and not yet open"
    )
    assert len(awaiting) > len(surge_units(played, units)), "a site that was closed by day has reopened"
    assert await played.differences() == []


async def at_22_it_shows_who_fell_silent_and_what_is_stuck(played: Playing) -> None:
    now = await played.until(time(22))
    units = await played.units()
    parts = cast(played.stage.world, played.evening.night)
    houses = played.stage.world.houses
    silent = [units[str(room.id)] for number in parts.silent for room in houses[number].rooms]
    assert all(passed(unit, "aging_at", now) for unit in silent)
    stuck = [units[str(room.id)] for number in parts.stuck for room in houses[number].rooms if not room.surge]
    assert all("stuck" in unit["flags"] and passed(unit, "aging_at", now) for unit in stuck)
    shut = [units[str(room.id)] for number in parts.closing for room in houses[number].rooms]
    assert {unit["status"] for unit in shut} == {"closed"}
    assert {one["status"] for one in surge_units(played, units)} == {"open"}
    fresh = [unit for unit in units.values() if unit["status"] == "open" and not passed(unit, "aging_at", now)]
    assert len(fresh) > len(units) / 2
    assert await played.differences() == []
    await played.until(time(0, 50), morning=True)
    assert any("over-capacity" in unit.get("flags", ()) for unit in (await played.units()).values())


async def in_the_morning_the_cold_plan_is_over(played: Playing) -> None:
    await played.until(time(10, 20), morning=True)
    assert {one["status"] for one in surge_units(played, await played.units())} == {"closed"}
    assert await played.differences() == []
    await played.until(time(12), morning=True)
    nightly = {str(room.id) for house in played.stage.world.houses for room in house.rooms if room.nightly}
    after = {unit["status"] for id, unit in (await played.units()).items() if id in nightly}
    assert after == {"unconfirmed", "closed"}, "each night has one noon"
    assert await played.differences() == []
    assert played.stage.speaker.told.refusals == []


def surge_units(played: Playing, units: dict[str, Any]) -> list[dict[str, Any]]:
    found = [units[str(room.id)] for house in played.stage.world.houses for room in house.rooms if room.surge]
    assert found
    return found


async def test_whoever_speaks_for_their_own_shelter_is_not_spoken_over(settings: Settings) -> None:
    async with playing(settings, 0.1) as played:
        await played.until(time(18, 30))
        staff = await played.sign_in("staff")
        house = next(one for one in played.stage.world.houses if one.nightly and str(one.id) in staff["shelters"])
        room = next(room for room in house.rooms if not room.surge)
        line = {"unit": str(room.id), "free": 5, "intake": {"state": "open"}}
        told = await played.ask("PUT", f"/reports/{new_id()}", {"shelter": str(house.id), "units": [line]})
        assert told["units"][0]["outcome"] == "applied"
        await played.until(time(21))
        mine = (await played.units())[str(room.id)]
        assert (mine["free"], mine["confirmed_at"]) == (5, told["units"][0]["state"]["confirmed_at"])
        assert played.stage.manners.made_way == {house.id}
        later = [one for one in played.evening.events[: played.said] if one.at > played.evening.begins]
        assert any(getattr(one, "shelter", None) == house.id for one in later), "they would have spoken"


async def test_another_region_is_refused_an_invented_evening(halte: Running) -> None:
    caller = Caller(halte.server.address, "en", tries=2)
    try:
        with pytest.raises(AnotherRegion, match="not the invented one"):
            await prepare(caller, "admin", PASSWORD, SEED, SIZE)
        with pytest.raises(Refused, match="needs an administrator"):
            await prepare(caller, "desk", PASSWORD, SEED, SIZE)
    finally:
        await caller.close()


async def test_i12_a_real_region_never_has_an_invented_evening(settings: Settings, pool: Pool) -> None:
    real = replace(settings, demo=False)
    await found_region(real)
    with serving(real) as port:
        caller = Caller(f"http://localhost:{port}", "en", tries=2)
        try:
            with pytest.raises(NoDemonstration, match="never runs in a real region"):
                await prepare(caller, "admin", PASSWORD, SEED, SIZE)
        finally:
            await caller.close()
    assert await pool.fetchval("SELECT count(*) FROM demo_clock") == 0
    assert await pool.fetchval("SELECT count(*) FROM account") == 1
