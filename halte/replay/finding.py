"""Finding: what lies at a path is told by looking at it, not by what it is called."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from halte.replay.daily.source import DailyFile
from halte.replay.hourly.source import HourlyFolder
from halte.replay.hourly.unpacking import unpacked
from halte.replay.sourcing import Source


@contextmanager
def found_at(path: Path, zone: ZoneInfo) -> Iterator[Source]:
    """Yield the source at a path, for as long as it can be read."""
    if path.is_dir():
        yield HourlyFolder.read(path, zone)
    elif path.is_file() and tarfile.is_tarfile(path):
        with unpacked(path) as folder:
            yield HourlyFolder.read(folder, zone)
    else:
        yield DailyFile.read(path)
