"""Which files were pushed, and when: by a manifest, by their names, out of an archive; and what is none of that."""

from __future__ import annotations

import io
import os
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest

from halte.replay.finding import found_at
from halte.replay.hourly.gathering import gather
from halte.replay.hourly.source import HourlyFolder
from halte.replay.hourly.unpacking import unpacked
from halte.replay.steps import NotThisFile
from tests.support.quebec import ZONE, file_of, folder_of, instant, site, stamp

FIRST = instant("2024-01-16T01:49:51")
HOURS = [FIRST + timedelta(hours=nth) for nth in range(4)]
CONTENT = file_of([site("101", 9, 8, "2024-01-15T20:45")])


def pushes(folder: Path) -> list[tuple[str, str]]:
    return [(push.name, f"{push.arrived_at:%H:%M}") for push in gather(folder).pushes]


def names(folder: Path) -> list[str]:
    return [name for name, _ in pushes(folder)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "2024-01", [(at, CONTENT) for at in HOURS])


def test_a_manifest_says_what_arrived_when(folder: Path) -> None:
    assert names(folder) == [stamp(at) for at in HOURS]
    assert gather(folder).by == "by manifest.csv"


@pytest.mark.parametrize("header", ["", "file,arrival\n", "FILE , arrival, commit\n"])
def test_a_manifest_may_have_a_header_and_stand_in_any_order(folder: Path, header: str) -> None:
    late, early = stamp(HOURS[0]), stamp(HOURS[1])
    (folder / "manifest.csv").write_text(
        f"\ufeff{header}{late},2024-01-16T05:00:00Z\n\n{early},2024-01-16T04:00:00+01:00\n"
    )
    assert pushes(folder) == [(early, "03:00"), (late, "05:00")]


def test_a_file_that_arrived_twice_is_pushed_twice(folder: Path) -> None:
    name = stamp(HOURS[0])
    (folder / "manifest.csv").write_text(f"{name},2024-01-16T02:00:00Z\n{name},2024-01-16T03:00:00Z\n")
    assert pushes(folder) == [(name, "02:00"), (f"{name} (2)", "03:00")]


def test_without_a_manifest_the_names_say_when(folder: Path) -> None:
    (folder / "manifest.csv").unlink()
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "99999999T999999Z.csv").write_bytes(CONTENT)
    (folder / ".DS_Store").write_bytes(b"\0")
    os.mkfifo(folder / "20240101T000000Z.csv")
    assert names(folder) == [stamp(at) for at in HOURS]
    assert gather(folder).left_aside == ("20240101T000000Z.csv", "99999999T999999Z.csv", "photo.jpg")


def test_what_was_found_is_said_in_a_sentence(folder: Path) -> None:
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    assert HourlyFolder.read(folder, ZONE).found == (
        "A folder of hourly files: 4 by manifest.csv, 2024-01-16 01:49 to 2024-01-16 04:49 UTC. Left aside: photo.jpg."
    )


@pytest.mark.parametrize(
    "manifest, why",
    [
        ("", "manifest.csv lists no file"),
        ("file,arrival\n", "manifest.csv lists no file"),
        ("gone.csv,2024-01-16T02:00:00Z\n", "names gone.csv, and the folder has no such file"),
        ("".join(f"{n}.csv,2024-01-16T02:00:00Z\n" for n in "abcde"), "names a.csv, b.csv, c.csv and 2 more, and"),
        ("../secret.csv,2024-01-16T02:00:00Z\n", "names ../secret.csv, and the folder has no such file"),
        (f"{stamp(FIRST)}\n", "line 1: a file and the time of its arrival are needed"),
        (f"{stamp(FIRST)},yesterday\n", "line 1: 'yesterday' is not a time of arrival. Write it like 2024-01-16T"),
        (f"{stamp(FIRST)},2024-01-16T02:00:00\n", "line 1: '2024-01-16T02:00:00' is not a time of arrival"),
        (f"{stamp(FIRST)},2024-01-16T02:00:00Z\n" * 2, "line 2 says again what line 1 says"),
        ("\0\0", "is not a text in UTF-8"),
        ("x" * 200_000, "line 1: a file and the time of its arrival are needed"),
        ("x" * 10_000_001, "far too long for a list of files"),
    ],
)
def test_a_manifest_that_cannot_be_meant_is_refused_before_anything_is_sent(
    folder: Path, manifest: str, why: str
) -> None:
    (folder.parent / "secret.csv").write_bytes(CONTENT)
    (folder / "manifest.csv").write_text(manifest)
    with pytest.raises(NotThisFile, match=why):
        gather(folder)


def test_a_folder_of_something_else_is_refused_in_a_sentence(tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(NotThisFile, match="is an empty folder"):
        gather(empty)
    (empty / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(
        NotThisFile, match=r"holds no hourly files: it has no manifest\.csv, and no file in it is named"
    ):
        gather(empty)
    (folder / "manifest.csv").unlink()
    with pytest.raises(NotThisFile, match=r"holds no hourly files itself, but .*2024-01 does: name that"):
        gather(tmp_path)


@pytest.mark.parametrize(
    "content, why",
    [(b"", "All are empty"), (b"a,b\n1,2\n", "line 1: this is no hourly file: it has no column RSS")],
)
def test_a_folder_in_which_no_file_states_a_count_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    folder_of(tmp_path, [(at, content) for at in HOURS])
    with pytest.raises(NotThisFile, match=why):
        HourlyFolder.read(tmp_path, ZONE)


def test_a_folder_is_known_by_what_arrived_when(folder: Path) -> None:
    known = {HourlyFolder.read(folder, ZONE).digest}
    os.utime(folder / stamp(FIRST), (0, 0))
    known.add(HourlyFolder.read(folder, ZONE).digest)
    assert len(known) == 1
    (folder / stamp(FIRST)).write_bytes(CONTENT + b"\r\n")
    known.add(HourlyFolder.read(folder, ZONE).digest)
    (folder / "manifest.csv").write_text(f"{stamp(FIRST)},2024-01-16T02:00:00Z\n")
    known.add(HourlyFolder.read(folder, ZONE).digest)
    assert len(known) == 3


def archive_of(path: Path, members: list[tarfile.TarInfo], content: bytes = CONTENT) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return path


def link(name: str, target: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def test_an_archive_is_read_like_the_folder_in_it(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "archive of any name"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "2024-01")
    with found_at(path, ZONE) as source:
        assert source.digest == HourlyFolder.read(folder, ZONE).digest


def test_nothing_of_an_archive_lands_outside_of_its_folder(tmp_path: Path) -> None:
    names = ["../../up.csv", "/tmp/abs.csv", "a/b/../../../deep.csv", "good.csv", ".hidden"]
    path = archive_of(tmp_path / "a.tgz", [*map(tarfile.TarInfo, names), link("link.csv", "/etc/passwd")])
    with unpacked(path) as folder:
        assert sorted(one.name for one in folder.rglob("*")) == ["abs.csv", "deep.csv", "good.csv", "up.csv"]
    assert not folder.exists()
    assert not Path("/tmp/abs.csv").exists()


def test_an_archive_that_cannot_be_meant_gets_a_sentence(tmp_path: Path) -> None:
    twice = archive_of(tmp_path / "twice.tgz", [tarfile.TarInfo("a/x.csv"), tarfile.TarInfo("b/x.csv")])
    with pytest.raises(NotThisFile, match=r"two files named x\.csv"), unpacked(twice):
        pass
    large = archive_of(tmp_path / "large.tgz", [tarfile.TarInfo("x.csv")], b"\0" * 20_000_001)
    with pytest.raises(NotThisFile, match="larger than hourly files are"), unpacked(large):
        pass
    whole = archive_of(tmp_path / "whole.tgz", [tarfile.TarInfo(stamp(at)) for at in HOURS], os.urandom(5_000))
    (tmp_path / "cut.tgz").write_bytes(whole.read_bytes()[:3_000])
    with pytest.raises(NotThisFile, match="cannot be unpacked"), unpacked(tmp_path / "cut.tgz"):
        pass
