"""Gathering: which files of a folder were pushed, and when each arrived: by its manifest, else by their names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from halte.replay.steps import NotThisFile

MANIFEST = "manifest.csv"
# More than a year of hours. Whoever has more replays them a folder at a time.
PUSHES_MAX = 10_000
_MANIFEST_BYTES_MAX = 10_000_000
_NAMED = re.compile(r"([0-9]{8}T[0-9]{6})Z\.csv", re.ASCII | re.IGNORECASE)
_YEARS = range(2000, 2200)
_TOLD_MAX = 3


@dataclass(frozen=True, slots=True)
class Push:
    """One file as it arrived. The same file may arrive twice: `name` tells the two apart."""

    name: str
    file: Path
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class Gathered:
    """All pushes in the order of arrival, by what it is known, and which files of the folder are none."""

    pushes: tuple[Push, ...]
    by: str
    left_aside: tuple[str, ...]


def gather(folder: Path) -> Gathered:
    files = {path.name: path for path in sorted(folder.iterdir()) if not path.name.startswith(".")}
    manifest = next((name for name in files if name.casefold() == MANIFEST), None)
    if manifest is None:
        dated = {name: match[1] for name, path in files.items() if (match := _NAMED.fullmatch(name)) and path.is_file()}
        named = [(name, _instant(written)) for name, written in dated.items()]
        entries = [(name, at) for name, at in named if at is not None]
        by = "by their names"
    else:
        entries = list(_listed(files.pop(manifest), files))
        by = f"by {manifest}"
    if not entries:
        raise NotThisFile(_nothing(folder, files, manifest))
    if len(entries) > PUSHES_MAX:
        raise NotThisFile(f"{folder} holds {len(entries)} hourly files: at most {PUSHES_MAX} are replayed at once.")
    pushed = {name for name, _ in entries}
    return Gathered(_pushes(entries, files), by, tuple(name for name in files if name not in pushed))


def _pushes(entries: Sequence[tuple[str, datetime]], files: dict[str, Path]) -> tuple[Push, ...]:
    times: dict[str, int] = {}
    pushes = []
    for name, at in sorted(entries, key=lambda entry: entry[1]):
        times[name] = times.get(name, 0) + 1
        pushes.append(Push(name if times[name] == 1 else f"{name} ({times[name]})", files[name], at))
    return tuple(pushes)


def _listed(manifest: Path, files: dict[str, Path]) -> Iterator[tuple[str, datetime]]:
    """Yield what the manifest lists; a header is not needed, for the first two columns are file and arrival."""
    seen: dict[tuple[str, datetime], int] = {}
    missing: list[str] = []
    for number, name, written in _rows(manifest):
        where = f"{manifest.name}, line {number}"
        at = _instant(written)
        if at is None:
            raise NotThisFile(
                f"{where}: {written[:40]!r} is not a time of arrival. Write it like 2024-01-16T09:49:51+00:00."
            )
        if (name, at) in seen:
            raise NotThisFile(f"{where} says again what line {seen[name, at]} says: {name} arrived at {written}.")
        seen[name, at] = number
        if name not in files or not files[name].is_file():
            missing.append(name)
        yield name, at
    if missing:
        raise NotThisFile(
            f"{manifest.name} names {_some(missing)}, and the folder has no such file. Put it there, or take it out of "
            f"the manifest."
        )


def _rows(manifest: Path) -> Iterator[tuple[int, str, str]]:
    if not manifest.is_file() or manifest.stat().st_size > _MANIFEST_BYTES_MAX:
        raise NotThisFile(f"{manifest.name} is not a file, or far too long for a list of files.")
    text = manifest.read_bytes().decode("utf-8-sig", "replace")
    if "\0" in text or "\ufffd" in text:
        raise NotThisFile(f"{manifest.name} is not a text in UTF-8.")
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip() for cell in _cells(line)]
        if not any(cells) or (number == 1 and cells[0].casefold() == "file"):
            continue
        if len(cells) < 2:
            raise NotThisFile(f"{manifest.name}, line {number}: a file and the time of its arrival are needed.")
        yield number, cells[0], cells[1]


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def _instant(written: str) -> datetime | None:
    """Read an instant; one without an offset is none, for nobody can tell which it is."""
    try:
        if "-" not in written:
            return datetime.strptime(written, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None and at.year in _YEARS else None


def _nothing(folder: Path, files: dict[str, Path], manifest: str | None) -> str:
    if manifest is not None:
        return f"{manifest} lists no file."
    if not files:
        return f"{folder} is an empty folder."
    below = [path for path in files.values() if path.is_dir() and any(map(_NAMED.fullmatch, _names(path)))]
    if below:
        return f"{folder} holds no hourly files itself, but {below[0]} does: name that."
    return (
        f"{folder} holds no hourly files: it has no {MANIFEST}, and no file in it is named for the time of its "
        f"arrival, like 20240116T094951Z.csv."
    )


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD_MAX} more" if len(names) > _TOLD_MAX else ""
    return ", ".join(names[:_TOLD_MAX]) + more
