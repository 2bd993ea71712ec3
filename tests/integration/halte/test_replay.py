"""A daily file, replayed by the command through a real server, killed in the middle and taken up again."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.replaying import LOGIN, PASSWORD, OpenSite, Site, administrator, ended, read_until, start_replay
from tests.support.toronto import cut, row, text_of

FIRST = date(2024, 3, 5)
DAYS = [str(FIRST + timedelta(days=n)) for n in range(10)]
ABSENT = {2: range(4, 7), 3: range(6, 10), 4: range(5)}


def rows_of(nth: int) -> list[dict[str, str]]:
    """Return one day: four programmes that come and go, a nightly one, a refuge, rooms, changing capacities."""
    day = DAYS[nth]
    always = [
        row(day, 1, f"{20 + nth // 3}/{nth % 4}/{nth % 2}"),
        row(day, 5, f"40/{nth}/0", OVERNIGHT_SERVICE_TYPE="Warming Centre", PROGRAM_AREA="Winter Programs"),
        row(day, 6, f"12/{nth % 3}/1", SECTOR="Women", LOCATION_ADDRESS="", LOCATION_ID=60, LOCATION_NAME=""),
        row(day, 7, f"30/{nth}/2", rooms=True, SECTOR="Families", ORGANIZATION_ID=2, LOCATION_ID=70),
    ]
    some = [row(day, programme, f"{10 * programme}/{nth}/0") for programme, gone in ABSENT.items() if nth not in gone]
    return always + some


GOOD = sum(len(rows_of(nth)) for nth in range(len(DAYS)))


@pytest.fixture
def ten_days(tmp_path: Path) -> Path:
    rows = [one for nth in range(len(DAYS)) for one in rows_of(nth)]
    rows.insert(8, row(DAYS[1], 8, "10/-1/0"))
    rows.insert(9, row(DAYS[1], 1, "20/9/0"))
    rows.insert(10, row(DAYS[1], 9, "10/500/0"))
    path = tmp_path / "ten days.csv"
    path.write_text(text_of(rows), "utf-8")
    return path


REFUSED = (
    "line 10 refused: UNOCCUPIED_BEDS is negative: -1",
    f"line 11 refused: programme 1 stands already in line 8 on {DAYS[1]}",
    "line 12 refused: ",
)


async def test_ten_days_become_the_board(site: Site, ten_days: Path) -> None:
    said = site.replay(ten_days)
    assert f"The board equals {DAYS[-1]} in the file: 8 units." in said
    for words in REFUSED:
        assert words in said
    assert "[absurd-count]" in said
    assert said.count("\n  line ") == len(REFUSED)
    assert f"{DAYS[0]} to {DAYS[-1]}: {GOOD + 3} rows in the file = {GOOD} applied + 3 refused." in said
    assert "Run `halte verify` where that server runs" in said
    async with administrator(site) as client:
        board = (await client.get("/api/v1/board")).json()
    states = {unit["id"]: unit for unit in board["units"]}
    names = {unit["id"]: unit["name"] for shelter in board["shelters"] for unit in shelter["units"]}
    found = {names[id].removeprefix("Programme "): state for id, state in states.items()}
    assert found["6"]["masked"], "an administrator sees no more of a refuge than others do"
    assert (found["1"]["capacity"], found["1"]["free"]) == (23, 1)
    assert found["5"]["status"] == "open", "what turned unconfirmed at noon was confirmed by its count"
    assert found["3"]["status"] == "closed"
    assert (found["3"]["free"], found["3"]["capacity"]) == (5, 30), "closing changes neither"
    assert (found["9"]["status"], found["9"]["free"]) == ("closed", 0), "its only row was refused"
    await site.verify()
    assert board["now"].startswith("2024-03-15T08:00:00"), "4:00 in Toronto, the morning after the last evening"


async def test_every_row_is_one_report_by_its_operators_key(site: Site, ten_days: Path) -> None:
    site.replay(ten_days)
    assert await site.count(
        "SELECT spoke, outcome, count(*) FROM report JOIN report_unit ON report_id = id GROUP BY 1, 2"
    ) == [("feed", "applied", GOOD)]
    keys = "SELECT count(*), count(*) FILTER (WHERE revoked_at IS NULL) FROM machine_key"
    assert await site.count(keys) == [(2, 0)]
    foreign = """
        SELECT count(*) FROM report r JOIN shelter s ON s.id = r.shelter_id
        JOIN machine_key k ON k.id = r.actor_id WHERE k.name NOT LIKE 'replay ' || s.operator_id || ' %'
    """
    assert await site.count(foreign) == [(0,)]
    by_hour = "SELECT DISTINCT (at AT TIME ZONE 'America/Toronto')::time::text FROM report"
    assert await site.count(by_hour) == [("04:00:00",)], "also across the change of the clocks on 10 March"


async def test_the_server_lives_through_the_days(site: Site, ten_days: Path) -> None:
    site.replay(ten_days)
    of_programme = """
        SELECT body->>'night', string_agg(body->>'status', ' ' ORDER BY seq) FROM journal
        JOIN unit ON unit.id = subject_id WHERE external_ref = '{}' GROUP BY 1 ORDER BY 1
    """
    lives = dict(await site.count(of_programme.format(5)))
    assert list(lives) == DAYS
    assert lives.pop(DAYS[0]) == "awaiting-report open"
    assert set(lives.values()) == {"unconfirmed open"}
    lives = dict(await site.count(of_programme.format(2)))
    assert [lives[DAYS[nth]] for nth in range(3, 9)] == [
        "open open",
        "open closed",
        "closed",
        "closed",
        "closed awaiting-report open",
        "open open",
    ]


async def test_killed_in_the_middle_it_goes_on_where_it_stopped(site: Site, ten_days: Path) -> None:
    with ended(site.start(ten_days)) as process:
        read_until(process, f"{DAYS[3]} ")
        process.send_signal(signal.SIGKILL)
    state = msgspec.json.decode((site.home / "state.json").read_bytes())
    done = DAYS.index(state["finished"]) + 1
    assert done >= 4
    said = site.replay(ten_days)
    assert f"{done} of 10 days were replayed before." in said
    assert f"{DAYS[3]} " not in said
    assert f"The board equals {DAYS[-1]} in the file: 8 units." in said
    for words in REFUSED:
        assert words in said, "what was refused before the interruption is told, too"
    assert await site.count("SELECT count(*) FROM report") == [(GOOD,)]
    keys = "SELECT count(*), count(*) FILTER (WHERE revoked_at IS NULL) FROM machine_key"
    assert await site.count(keys) == [(2, 0)], "the keys were taken again, not made anew"
    await site.verify()


async def test_it_goes_on_through_a_restart_of_the_server(open_site: OpenSite, ten_days: Path, free_port: int) -> None:
    with ExitStack() as stack:
        with open_site(port=free_port) as site:
            process = stack.enter_context(ended(site.start(ten_days)))
            read_until(process, f"{DAYS[2]} ")
        with open_site(port=free_port) as site:
            said = process.stdout.read() if process.stdout else ""
            assert process.wait(60) == 0, said
    assert f"The board equals {DAYS[-1]} in the file" in said
    assert await site.count("SELECT count(*) FROM report") == [(GOOD,)]


async def test_a_second_replay_updates_and_never_duplicates(site: Site, ten_days: Path) -> None:
    site.replay(ten_days)
    tables = "SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM unit), (SELECT count(*) FROM shelter)"
    before = await site.count(tables)
    again = site.replay(ten_days, "--state", str(site.home / "another.json"))
    assert await site.count(tables) == before
    assert f": {GOOD + 3} rows in the file = {GOOD} repeated + 3 refused." in again
    assert "line 2 repeated: the server had this very report already, applied" in again
    listed = (site.home / "another.rows.csv").read_text("utf-8").splitlines()
    assert len(listed) == 1 + GOOD + 3, "a line for each row that was not applied"
    assert "The board equals" in again
    await site.verify()


async def test_a_part_may_be_replayed_and_the_rest_later(site: Site, ten_days: Path) -> None:
    said = site.replay(ten_days, "--days", "3")
    assert f"The board equals {DAYS[2]} in the file: 7 units." in said
    said = site.replay(ten_days)
    assert "3 of 10 days were replayed before." in said
    assert f"The board equals {DAYS[-1]} in the file" in said


async def test_it_may_begin_later(site: Site, ten_days: Path) -> None:
    said = site.replay(ten_days, "--from", DAYS[7])
    assert f"\n{DAYS[7]} to {DAYS[9]}: " in said
    late = sum(len(rows_of(nth)) for nth in range(7, 10))
    assert f"= {late} applied + {GOOD + 3 - late} outside the chosen days." in said
    assert "The board equals" in said


async def test_what_another_hand_changed_is_a_difference(site: Site, ten_days: Path) -> None:
    site.replay(ten_days)
    async with administrator(site) as client:
        units = (await client.get("/api/v1/board")).json()["units"]
        unit = next(unit for unit in units if unit["status"] == "open" and not unit.get("masked"))
        await client.post(f"/api/v1/units/{unit['id']}/close")
    said = site.replay(ten_days, status=1)
    assert "The board differs from 2024-03-14 in the file, 1 times:" in said
    assert "status open in the file, closed on the board" in said


async def test_a_server_that_is_no_demo_keeps_its_own_time(open_site: OpenSite, tmp_path: Path) -> None:
    path = tmp_path / "two days.csv"
    path.write_text(text_of([row(DAYS[0], 1, "20/3/0"), row(DAYS[1], 1, "20/4/0")]), "utf-8")
    with open_site(demo=False) as site:
        said = site.replay(path)
        assert "\nThis server is no demo" in said
        assert f"The board equals {DAYS[1]} in the file: 1 units." in said
        assert await site.count("SELECT count(*) FROM demo_clock") == [(0,)]
        assert await site.count("SELECT DISTINCT skewed FROM report") == [(False,)]


async def test_a_row_that_tells_no_programme_closes_nobody(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "cut.csv"
    rows = [row(day, programme, "20/3/0") for day in DAYS[:2] for programme in (1, 2, 3)]
    path.write_text(cut(text_of(rows), 5), "utf-8")
    said = site.replay(path)
    assert "6 rows in the file = 5 applied + 1 refused." in said
    assert "line 6 refused: " in said
    assert f"{DAYS[1]}: 1 programmes seem absent and were not closed, for a refused row may be theirs" in said
    assert "1 of 3 units were not compared" in said
    async with administrator(site) as client:
        board = (await client.get("/api/v1/board")).json()
    assert [unit["status"] for unit in board["units"]] == ["open"] * 3


async def test_it_says_what_is_wrong_without_a_traceback(site: Site, ten_days: Path, tmp_path: Path) -> None:
    diary = tmp_path / "diary.json"
    diary.write_text("Dear diary")
    wrong = {
        "diary.json is not the state of a replay": site.start(ten_days, "--state", str(diary)),
        "The file ends before 2030-01-01: its last day is 2024-03-14.": site.start(ten_days, "--from", "2030-01-01"),
        "[login-failed]": start_replay(
            [str(ten_days), "--url", site.url, "--login", LOGIN], env={"HALTE_PASSWORD": "no such words"}
        ),
    }
    for words, process in wrong.items():
        said, _ = process.communicate(timeout=60)
        assert words in said
        assert "Traceback" not in said
        assert process.returncode == 1


async def test_the_password_may_come_from_standard_input(site: Site, ten_days: Path) -> None:
    arguments = [str(ten_days), "--url", site.url, "--login", LOGIN, "--state", str(site.home / "state.json")]
    process = start_replay([*arguments, "--password-stdin"], env={"HALTE_PASSWORD": "no such words"})
    said, _ = process.communicate(f"{PASSWORD}\n", timeout=60)
    assert process.returncode == 0, said


REAL = Path("toronto-shelters", "2024-snap-0331.csv")


async def test_ten_days_of_the_real_file(site: Site, shared_data: Path) -> None:
    """One programme has a negative number on each of them."""
    said = site.replay(shared_data / REAL, "--days", "10")
    assert "The board equals 2024-01-10 in the file: " in said
    assert ": 12276 rows in the file = 1338 applied + 10 refused + 10928 outside the chosen days." in said
    assert await site.count("SELECT count(*) FROM report") == [(1_338,)]
    await site.verify()


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_the_real_file(site: Site, shared_data: Path) -> None:
    """The whole quarter: 12,276 rows, 143 programmes, of which one has a negative number for 73 days."""
    started = time.monotonic()
    said = site.replay(shared_data / REAL)
    print(f"91 days in {time.monotonic() - started:.1f} s")
    assert "The board equals 2024-03-31 in the file: 143 units." in said
    assert "2024-01-01 to 2024-03-31: 12276 rows in the file = 12203 applied + 73 refused." in said
    assert said.count(" refused: UNAVAILABLE_BEDS is negative: -1") == 73
    assert len((site.home / "state.rows.csv").read_text("utf-8").splitlines()) == 1 + 73
    assert await site.count("SELECT count(*) FROM report") == [(12_203,)]
    await site.verify()
