"""Unpacking an archive of hourly files into a folder of our own, for as long as it is read.

Only plain files come out, by their own names: what an archive says of folders, links and devices is not followed.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from halte.replay.hourly.gathering import PUSHES_MAX
from halte.replay.hourly.reading import BYTES_MAX
from halte.replay.steps import NotThisFile

_ALL_BYTES_MAX = 1_000_000_000


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Yield a folder with the archive's files in it."""
    with TemporaryDirectory(prefix="halte-replay-") as folder:
        try:
            with tarfile.open(archive) as opened:
                _unpack(opened, Path(folder))
        except (tarfile.TarError, EOFError, OSError, ValueError) as error:
            raise NotThisFile(f"{archive} cannot be unpacked: {error}") from None
        yield Path(folder)


def _unpack(opened: tarfile.TarFile, folder: Path) -> None:
    left = _ALL_BYTES_MAX
    seen: set[str] = set()
    for member in opened:
        name = PurePosixPath(member.name).name
        if not member.isreg() or not name or name.startswith("."):
            continue
        if name in seen:
            raise NotThisFile(f"The archive holds two files named {name}: unpack it, and name one of its folders.")
        left -= member.size
        if member.size > BYTES_MAX or left < 0 or len(seen) > PUSHES_MAX:
            raise NotThisFile(f"The archive is larger than hourly files are, at {member.name}.")
        seen.add(name)
        content = opened.extractfile(member)
        if content is not None:
            (folder / name).write_bytes(content.read(member.size))
