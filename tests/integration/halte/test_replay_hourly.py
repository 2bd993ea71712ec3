"""A folder of hourly files, replayed by the command through a real server: late, silent and stuck, as it was.

At several moments the board is held against a reading of the files that shares nothing with the replay's own.
"""

from __future__ import annotations

import signal
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.quebec import NO_INFORMATION, file_of, folder_of, instant, local, naive, stamp, total
from tests.support.quebec import site as row
from tests.support.replaying import Site, administrator, ended, read_until

FIRST = instant("2024-01-16T01:50")
Pushes = list[tuple[datetime, bytes]]


def at(hour: float) -> datetime:
    return FIRST + timedelta(hours=hour)


def hour_of(hour: float, *, seed: int | None = None, known: bool = True, crowd: int = 2) -> bytes:
    """Return what the source says of an hour, five minutes before it arrives: five sites that change, and a total."""
    said, nth = local(at(hour) - timedelta(minutes=5)), int(hour) if seed is None else seed
    capacity, occupied = (4, nth % 6) if known else (NO_INFORMATION, NO_INFORMATION)
    reissued = "106" if hour >= 6 else "105"
    return file_of(
        [
            total(said),
            row("101", 9 + nth // 5, 5 + nth % 7, said),
            row("102", capacity, occupied, said),
            row("103", 0, crowd, said),
            row("104", 7, nth % 3, said, name="CLSC RENOMMÉ" if hour >= 4 else "CLSC D'AVANT"),
            row(reissued, 5, 5, said, name="HÔPITAL AU NOUVEAU PERMIS"),
        ]
    )


def a_bad_day() -> Pushes:
    """Return 29 pushes: a gap of seven hours, an empty file, late ones, a correction, an error page, a stuck source."""
    pushes = [(at(hour), hour_of(hour, known=hour < 2)) for hour in range(5)]
    pushes += [(at(5), b""), (at(6), hour_of(6, known=False))]
    pushes += [(at(13), hour_of(12.2, known=False)), (at(13.2), hour_of(12, known=False))]
    pushes += [(at(14), hour_of(12.2, seed=3)), (at(15), b"<html><body>502 Bad Gateway</body></html>\r\n")]
    pushes += [(at(16), hour_of(16, crowd=25))]
    pushes += [(at(hour), hour_of(17)) for hour in range(17, 30)]
    # Its clock is a little ahead: what it says of 7:55 arrives at 7:54:12.
    return [
        *pushes,
        (at(30) - timedelta(seconds=48), hour_of(30 + 5 / 60)),
        *[(at(h), hour_of(h)) for h in (31, 32, 33)],
    ]


@pytest.fixture
def bad_day(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "a bad day", a_bad_day())


async def board_of(site: Site) -> tuple[datetime, dict[str, dict[str, Any]]]:
    """Return the server's time, and what it shows of each site, by permit."""
    permits = {str(id): permit for id, permit in await site.count("SELECT id, external_ref FROM unit")}
    async with administrator(site) as client:
        board = (await client.get("/api/v1/board")).json()
    now = datetime.fromisoformat(board["now"])
    return now, {permits[unit["id"]]: shown(unit, now) for unit in board["units"]}


def shown(unit: dict[str, Any], now: datetime) -> dict[str, Any]:
    passed = [word for word in ("aging", "stale", "silent") if now >= datetime.fromisoformat(unit[f"{word}_at"])]
    return {
        "free": unit["free"],
        "over_by": unit["over_by"],
        "capacity": unit["capacity"],
        "confirmed_at": datetime.fromisoformat(unit["confirmed_at"]),
        "age": {"aging": "ageing"}.get(passed[-1], passed[-1]) if passed else "fresh",
        "stuck": "stuck" in unit["flags"],
    }


async def equal(site: Site, pushes: Sequence[tuple[datetime, bytes]]) -> dict[str, dict[str, Any]]:
    """Hold the board against the files as they have come so far; return it."""
    now, board = await board_of(site)
    assert now == pushes[-1][0], "the clock stands at the last arrival"
    assert board == naive(pushes)
    return board


async def test_the_board_shows_every_moment_as_it_was(site: Site, bad_day: Path) -> None:
    pushes = a_bad_day()
    seen = {}
    for count in (5, 8, 10, 12, 22, 24, 26):
        refused = count == 12
        said = site.replay(bad_day, "--files", str(count), status=int(refused))
        verdict = "differs from" if refused else "equals"
        assert f"The board {verdict} {stamp(pushes[count - 1][0])} in the folder" in said
        seen[count] = await equal(site, pushes[:count])
    ages = [seen[count]["102"]["age"] for count in seen]
    assert ages == ["ageing", "stale", "fresh", "fresh", "stale", "stale", "fresh"]
    assert [seen[count]["101"]["stuck"] for count in seen] == [False, False, False, False, False, True, False]
    assert {one["over_by"] for one in (found["103"] for found in seen.values())} == {2}, "25 were taken for a slip"
    assert seen[26]["105"]["age"] == "silent", "its permit was given up: nobody closed it, and it ages"
    assert seen[26]["106"]["free"] == 0
    names = "SELECT name FROM shelter WHERE external_ref = '104'"
    assert await site.count(names) == [("CLSC RENOMMÉ",)]


async def test_every_row_of_every_file_is_accounted_for(site: Site, bad_day: Path) -> None:
    said = site.replay(bad_day)
    pushes = a_bad_day()
    assert f"A folder of hourly files: {len(pushes)} by manifest.csv, 2024-01-16 01:50 to " in said
    rows = 6 * (len(pushes) - 2) + 1
    parts = f"{rows} rows in the folder = 61 applied + 4 superseded + 63 repeated + 2 refused"
    assert f"{parts} + 27 total + 6 no information." in said
    assert "20240116T165000Z.csv, line 1 refused: this is no hourly file: it has no column RSS" in said
    assert f"{stamp(at(16))}, line 5 refused: " in said
    assert "[absurd-count]" in said
    assert f"  {stamp(at(13.2))}: 4 superseded\n" in said
    assert f"  {stamp(at(29))}: 5 repeated\n" in said
    assert f"{stamp(at(5))} is empty: a push with nothing in it" in said
    assert "permit 104 is CLSC RENOMMÉ since " in said
    assert "HÔPITAL AU NOUVEAU PERMIS is permit 106 since " in said
    assert "1 units say nothing in 20240117T105000Z.csv: their counts age, and nobody closes them" in said
    listed = (site.home / "state.rows.csv").read_text("utf-8").splitlines()
    assert listed[0] == "line,file,permit,became,reason"
    assert len(listed) == 1 + rows - 61
    await site.verify()


async def test_all_is_said_by_one_key_for_all_sites(site: Site, bad_day: Path) -> None:
    site.replay(bad_day, "--files", "3")
    keys = "SELECT id, revoked_at IS NULL FROM machine_key"
    ((kept, live),) = await site.count(keys)
    assert live, "who goes on is the same feed: a server remembers what each key said last"
    site.replay(bad_day)
    assert await site.count(keys) == [(kept, False)]
    assert await site.count("SELECT DISTINCT spoke, actor_id FROM report") == [("feed", kept)]


async def test_killed_in_the_middle_it_goes_on_where_it_stopped(site: Site, bad_day: Path) -> None:
    pushes = a_bad_day()
    with ended(site.start(bad_day)) as process:
        read_until(process, stamp(pushes[14][0]))
        process.send_signal(signal.SIGKILL)
    state = msgspec.json.decode((site.home / "state.json").read_bytes())
    done = [stamp(arrived) for arrived, _ in pushes].index(state["finished"]) + 1
    assert done >= 15
    said = site.replay(bad_day)
    assert f"{done} of {len(pushes)} files were replayed before." in said
    assert f"The board equals {stamp(pushes[-1][0])} in the folder: 6 units." in said
    await equal(site, pushes)
    twice = "SELECT count(*) - count(DISTINCT id) FROM report"
    assert await site.count(twice) == [(0,)]
    await site.verify()


async def test_a_part_may_be_chosen_by_day_and_a_second_replay_changes_nothing(site: Site, bad_day: Path) -> None:
    said = site.replay(bad_day, "--from", "2024-01-16", "--days", "1")
    assert f"{stamp(at(4))} to {stamp(at(27))}: " in said, "days are local ones, and by arrival"
    again = site.replay(bad_day, "--from", "2024-01-16", "--days", "1", "--state", str(site.home / "another.json"))
    assert " 0 applied" not in again
    assert "  20240116T055000Z.csv: 4 repeated\n" in again
    assert "The board equals" in again


async def test_a_server_that_is_no_demo_keeps_its_own_time(open_site: Any, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    pushes = []
    for ago in (3, 2, 1):
        arrived = now - timedelta(hours=ago)
        pushes.append((arrived, file_of([row("101", 9, ago, local(arrived - timedelta(minutes=5)))])))
    folder = folder_of(tmp_path / "of today", pushes)
    with open_site(demo=False) as site:
        said = site.replay(folder)
        assert "\nThis server is no demo" in said
        assert f"The board equals {stamp(pushes[-1][0])} in the folder: 1 units." in said


@pytest.mark.timeout(300)
async def test_the_real_files_around_the_longest_gap(site: Site, shared_data: Path) -> None:
    """A day after which no file came for five hours, and 115 sites of which some do not know their own number."""
    archive = shared_data / "quebec-er" / "raw_2024-01_hourly_official_csv.tar.gz"
    with tarfile.open(archive) as opened:
        files = {Path(one.name).name: opened.extractfile(one) for one in opened if one.isreg()}
        contents = {name: file.read() for name, file in files.items() if file is not None}
    arrivals = [line.split(",")[:2] for line in contents["manifest.csv"].decode().split()]
    pushes = [(datetime.fromisoformat(arrived), contents[name]) for name, arrived in arrivals]
    since = next(nth for nth, (arrived, _) in enumerate(pushes) if arrived >= instant("2024-01-23T05:00"))
    chosen = pushes[since : since + 25]
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(chosen)]
    assert max(gaps) > timedelta(hours=4.9)
    for count in (gaps.index(max(gaps)) + 1, len(chosen)):
        said = site.replay(archive, "--from", "2024-01-23", "--files", str(count))
        assert "in the folder: 115 units." in said
        await equal(site, chosen[:count])
    assert "95499 rows in the folder = " in said
    await site.verify()
