"""`halte import` as a process: what it prints, how it ends, and that a file of 200 MB costs no memory."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from kernel.settings import Settings
from tests.support.importing import MAPPING, csv_of, row
from tests.support.running import Running

_HALTE = "from halte.cli import main; main()"
_MEMORY_MAX_MB = 400


async def halte_import(settings: Settings, *arguments: str | Path, memory: bool = False) -> tuple[int, str]:
    environment = os.environ | {"DATABASE_URL": settings.database_url or "", "REDIS_URL": settings.redis_url or ""}

    def bound() -> None:
        # Not its address space: that counts libraries which are mapped and never touched.
        if memory:
            resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_MAX_MB * 1024 * 1024,) * 2)

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _HALTE, "import", *map(str, arguments)),
        env=environment, stdout=PIPE, stderr=STDOUT, preexec_fn=bound,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "list.toml").write_text(MAPPING.replace('"test"', '"command"'))
    (tmp_path / "list.csv").write_bytes(csv_of([row(site, unit) for site in range(2) for unit in range(2)]))
    return tmp_path / "list.csv", tmp_path / "list.toml"


async def test_a_file_is_sketched_shown_applied_and_seen_by_a_running_node(
    halte: Running, files: tuple[Path, Path]
) -> None:
    settings = halte.server.settings
    list_csv, mapping = files
    code, said = await halte_import(settings, list_csv)
    assert code == 0
    assert 'source = "list"' in said
    assert "#   site name: House 0 (invented) | House 1 (invented)" in said
    code, said = await halte_import(settings, list_csv, "--mapping", mapping)
    assert (code, "units        4 new" in said, said.rstrip().endswith("--apply does it.")) == (0, True, True), said
    async with halte.region.client("desk") as desk:
        assert "House 1 (invented)" not in (await desk.get("/board")).text
    code, said = await halte_import(settings, list_csv, "--mapping", mapping, "--apply")
    assert (code, "Applied. Counts: 4 applied." in said) == (0, True), said
    async with halte.region.client("desk") as desk:
        for _ in range(100):
            if seen := "House 1 (invented)" in (await desk.get("/board")).text:
                break
            await asyncio.sleep(0.1)
    assert seen
    code, said = await halte_import(settings, list_csv, "--mapping", mapping, "--apply")
    assert (code, "everything is as the file says already" in said) == (0, True), said


async def test_rows_that_cannot_be_meant_stop_it_unless_one_says_otherwise(
    halte: Running, files: tuple[Path, Path]
) -> None:
    settings = halte.server.settings
    list_csv, mapping = files
    list_csv.write_bytes(csv_of([row(8, 1), row(8, 2, "many")]))
    code, said = await halte_import(settings, list_csv, "--mapping", mapping, "--apply")
    assert code == 1
    assert 'line 3     Column "free" (count.free): "many" is not a whole number.' in said
    assert "Nothing was applied: mend the problems" in said
    code, said = await halte_import(settings, list_csv, "--mapping", mapping, "--apply", "--skip-bad-rows")
    assert (code, "Applied. Counts: 1 applied." in said) == (0, True), said


async def test_what_goes_wrong_is_one_sentence(halte: Running, files: tuple[Path, Path]) -> None:
    settings = halte.server.settings
    list_csv, mapping = files
    list_csv.write_bytes(b"PK\x03\x04" + b"\x00" * 99)
    for more in ((), ("--mapping", mapping)):
        code, said = await halte_import(settings, list_csv, *more)
        assert (code, said.count("\n"), said.startswith("Error: This is not a CSV file")) == (1, 1, True), said
    list_csv.write_bytes(b"a,b\n1,2\n")
    code, said = await halte_import(settings, list_csv, "--mapping", mapping)
    assert code == 1
    assert 'asks for the column "org" (operator.id)' in said
    pipe = list_csv.with_name("pipe")
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDWR)
    try:
        code, said = await halte_import(settings, pipe)
    finally:
        os.close(held)
    assert (code, said.count("\n"), "save it first" in said) == (1, 1, True), said
    code, said = await halte_import(settings, list_csv, "--mapping", mapping, "--region", "paris")
    assert (code, "No region 'paris'" in said) == (1, True), said


async def test_200_mb_are_streamed_and_its_bad_row_is_told_by_its_number(
    halte: Running, files: tuple[Path, Path]
) -> None:
    """Nearly all of it is left out by [rows]; near its end stand a row that is wanted and one that is ragged."""
    list_csv, mapping = files
    mapping.write_text(mapping.read_text() + '[rows]\nskip = { "org" = ["old"] }\n')
    old = csv_of([row(1, 1, org="old", site_name="x" * 20_000)]).split(b"\r\n")[1] + b"\r\n"
    many = 200_000_000 // len(old) + 1
    good = csv_of([row(7, 1)]).split(b"\r\n")
    with list_csv.open("wb") as file:
        file.write(good[0] + b"\r\n")
        for _ in range(many):
            file.write(old)
        file.write(good[1] + b"\r\na,b\r\n")
    assert list_csv.stat().st_size > 200_000_000
    code, said = await halte_import(halte.server.settings, list_csv, "--mapping", mapping, memory=True)
    assert code == 1
    assert f"rows         2, {many} left out by [rows]" in said, said
    assert "units        1 new" in said
    assert f"line {many + 3}" in said
