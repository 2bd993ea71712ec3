"""`halte replay` as a newcomer tries it: with a server of its own, and with files that are no such files."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import asyncpg
import pytest

from halte.embedded import running
from tests.support.replaying import start_replay
from tests.support.toronto import row, text_of

DAYS = [f"2024-03-{day:02}" for day in range(5, 13)]


@pytest.fixture
def some_days(tmp_path: Path) -> Path:
    path = tmp_path / "some days.csv"
    rows = [row(day, programme, f"20/{nth}/1") for nth, day in enumerate(DAYS) for programme in (1, 2, 3)]
    path.write_text(text_of(rows), "utf-8")
    return path


def replay(*arguments: object, status: int = 0) -> str:
    process = start_replay([str(one) for one in arguments], env={})
    said, _ = process.communicate(timeout=100)
    assert process.returncode == status, said
    assert "Traceback" not in said
    return said


def test_without_a_server_it_brings_its_own_and_verifies_it(some_days: Path, open_folder: Path) -> None:
    said = replay(some_days, "--data-dir", open_folder / "data", "--days", 3)
    assert "(3 of 3)" in said
    assert ": 24 rows in the file = 9 applied + 15 outside the chosen days." in said
    assert f"The board equals {DAYS[2]} in the file: 3 units." in said
    assert "\ntoronto: clean at seq " in said
    said = replay(some_days, "--data-dir", open_folder / "data")
    assert "3 of 8 days were replayed before." in said
    assert ": 24 rows in the file = 24 applied." in said
    assert "\ntoronto: clean at seq " in said


def test_what_verify_finds_in_its_own_server_ends_it_with_1(some_days: Path, open_folder: Path) -> None:
    said = replay(some_days, "--data-dir", open_folder / "data", "--days", 1)
    asyncio.run(lose_an_entry(open_folder / "data"))
    said = replay(some_days, "--data-dir", open_folder / "data", status=1)
    assert "The board equals" in said, "what the board shows is right: only its history was touched"
    assert " differences at seq " in said


async def lose_an_entry(data_dir: Path) -> None:
    """Take one entry out of the journal: no screen shows it, and no count."""
    with running(data_dir, os.environ.get("HALTE_RUN_AS")) as servers:
        connection = await asyncpg.connect(servers.database_url)
        await connection.execute("DELETE FROM journal WHERE seq = (SELECT max(seq) / 2 FROM journal)")
        await connection.close()


NONSENSE = {
    "empty.csv": (b"", "The file is empty."),
    "blank.csv": (b" \r\n\n", "The file is empty."),
    "picture.png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "The file is not a text in UTF-8"),
    "utf-16.csv": ("_id,OCCUPANCY_DATE".encode("utf-16"), "The file is not a text in UTF-8"),
    "other city.csv": (b"datum,huis,bedden\n2024-01-01,Linde,4\n", "This is no daily occupancy file of Toronto's: "),
    "quote.csv": (text_of([row(DAYS[0], 1)]).replace("_id", '"_id', 1).encode(), "Line 1 should name the columns"),
    "header only.csv": (text_of([]).encode(), "The file has no day in it."),
    "dates.csv": (text_of([row("05/03/2024", 1)]).encode(), "Line 2: OCCUPANCY_DATE is not a date: '05/03/2024'."),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_a_file_of_another_kind_gets_a_sentence(name: str, tmp_path: Path) -> None:
    content, words = NONSENSE[name]
    (tmp_path / name).write_bytes(content)
    said = replay(tmp_path / name, status=1)
    assert said.startswith(f"Error: {words}" if "Line 2" not in words else "Error: ")
    assert words in said
    assert said.count("\n") == 1


def test_what_is_asked_for_wrongly_gets_a_sentence(some_days: Path, tmp_path: Path) -> None:
    assert "--files counts the files of a folder" in replay(some_days, "--files", 3, status=2)
    assert "does not exist" in replay(tmp_path / "nowhere.csv", status=2)
    assert "write it like https://" in replay(some_days, "--url", "halte.example", status=2)
    # It would stand in the list of processes, for everybody on the machine to read.
    assert "No such option '--password'" in replay(some_days, "--url", "http://x", "--password", "secret", status=2)
    assert "Cannot write to the data directory" in replay(some_days, "--data-dir", some_days / "in a file", status=1)


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_it_goes_on_with_the_same_command(blow: signal.Signals, some_days: Path, open_folder: Path) -> None:
    arguments = [str(some_days), "--data-dir", str(open_folder / "data")]
    process = start_replay(arguments, env={})
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"{DAYS[2]} "):
            process.send_signal(blow)
            break
    said = process.stdout.read()
    assert process.wait(30) == (130 if blow is signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in said
    if blow is signal.SIGINT:
        assert "Interrupted. The same command goes on where it stopped." in said
    said = replay(*arguments)
    assert "of 8 days were replayed before." in said
    assert f"The board equals {DAYS[-1]} in the file: 3 units." in said
    assert "\ntoronto: clean at seq " in said
