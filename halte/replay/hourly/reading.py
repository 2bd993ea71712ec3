"""Reading one hourly file of Québec's emergency rooms: what each row states, or why it states nothing. Pure.

Columns are found by name, sites by permit number. A row of totals is no site; "pas d'information disponible" is no
statement. A file that is no such file is one refused row: what arrived is accounted for, whatever it is.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from halte.replay.hourly.gathering import Push
from halte.replay.steps import REFUSED, Fate, NotThisFile
from inventory.importing.decoding import detect_encoding
from inventory.importing.reading import Fault, Shape, Unusable, detect, read_rows
from inventory.importing.reading import Row as Cells
from inventory.importing.telling import sentence

NO_INFORMATION, TOTAL = "no information", "total"

_REGION_NUMBER, _REGION, _ESTABLISHMENT = "RSS", "Region", "Nom_etablissement"
_NAME, _PERMIT, _UPDATED = "Nom_installation", "No_permis_installation", "Mise_a_jour"
_CAPACITY, _OCCUPIED = "Nombre_de_civieres_fonctionnelles", "Nombre_de_civieres_occupees"
NEEDED = (_REGION_NUMBER, _REGION, _ESTABLISHMENT, _NAME, _PERMIT, _CAPACITY, _OCCUPIED, _UPDATED)
_TOTALS = ("total", "ensemble du québec")
_NOT_KNOWN = "pas d'information disponible"
_WHOLE = re.compile(r"(-?)([0-9]{1,9})(?:\.0*)?", re.ASCII)
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?", re.ASCII)
_YEARS = range(2000, 2200)
_LABEL_MAX = 200
# An hourly file has 23 kB.
BYTES_MAX = 20_000_000
# A source's clock may be a little ahead of ours: that does not make its time that of the hour before.
_AHEAD_MAX = timedelta(minutes=5)


class _Unfit(Exception):
    """This row, or this file, cannot be meant; the message says why."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a row says an emergency room is: known by its permit, whatever it is called."""

    permit: str
    name: str
    establishment: str
    region: str


@dataclass(frozen=True, slots=True)
class Row:
    """One site at the time its numbers were updated."""

    line: int
    site: Site
    updated_at: datetime
    capacity: int
    occupied: int

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.occupied)

    @property
    def over_by(self) -> int:
        return max(0, self.occupied - self.capacity)


@dataclass(frozen=True, slots=True)
class Contents:
    """All rows of one push: those that state something, and what the others are. `digest` is that of its bytes."""

    push: Push
    digest: str
    row_count: int = 0
    rows: tuple[Row, ...] = ()
    asides: tuple[Fate, ...] = ()


class Reader:
    """Reads file after file, and shares what most of them say again."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._sites: dict[Site, Site] = {}
        self._shapes: dict[tuple[bytes, str], Shape] = {}

    def read(self, push: Push) -> Contents:
        """Read one file as it arrived. An empty one is a push with nothing in it."""
        if push.file.stat().st_size > BYTES_MAX:
            raise NotThisFile(f"{push.file.name} is larger than {BYTES_MAX // 1_000_000} MB: an hourly file has 23 kB.")
        content = push.file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        if not content.strip():
            return Contents(push, digest)
        try:
            items = list(self._items(content))
        except (Unusable, _Unfit) as unfit:
            why = sentence(unfit.fault) if isinstance(unfit, Unusable) else str(unfit)
            fate = Fate(1, push.name, "", REFUSED, f"this is no hourly file: {why}")
            return Contents(push, digest, 1, asides=(fate,))
        of_file = _OfFile(push, self._zone, self._sites)
        found = [of_file.read(item) for item in items]
        rows = tuple(one for one in found if isinstance(one, Row))
        return Contents(push, digest, len(items), rows, tuple(one for one in found if isinstance(one, Fate)))

    def _items(self, content: bytes) -> Iterator[Cells | Fault]:
        stream = io.BytesIO(content)
        # What begins with the same names in the same encoding has the same shape: it need not be looked for again.
        known = content.partition(b"\n")[0], detect_encoding(stream)
        shape = self._shapes.get(known) or detect(stream)
        if shape.header_line == 1:
            self._shapes[known] = shape
        missing = [name for name in NEEDED if name not in shape.columns]
        if missing:
            raise _Unfit(f"it has no column {', '.join(missing)}")
        yield from read_rows(stream, shape)


class _OfFile:
    def __init__(self, push: Push, zone: ZoneInfo, sites: dict[Site, Site]) -> None:
        self._push = push
        self._zone = zone
        self._sites = sites
        self._seen: dict[str, int] = {}
        self._times: dict[str, datetime] = {}

    def read(self, item: Cells | Fault) -> Row | Fate:
        if isinstance(item, Fault):
            return self._fate(item.line or 1, "", REFUSED, sentence(item))
        cells = item.cells
        permit = cells[_PERMIT]
        try:
            if not permit and cells[_NAME].casefold().startswith(_TOTALS):
                return self._fate(item.line, "", TOTAL, f"{cells[_REGION]}: no site")
            self._check_permit(item.line, permit)
            if _NOT_KNOWN in (cells[_CAPACITY].casefold(), cells[_OCCUPIED].casefold()):
                return self._fate(item.line, permit, NO_INFORMATION, "")
            return self._row(item.line, cells)
        except _Unfit as unfit:
            return self._fate(item.line, permit, REFUSED, str(unfit))

    def _fate(self, line: int, permit: str, became: str, reason: str) -> Fate:
        return Fate(line, self._push.name, permit, became, reason)

    def _check_permit(self, line: int, permit: str) -> None:
        if not permit:
            raise _Unfit(f"{_PERMIT} is blank")
        if first := self._seen.get(permit):
            raise _Unfit(f"permit {permit} stands already in line {first}")
        self._seen[permit] = line

    def _row(self, line: int, cells: dict[str, str]) -> Row:
        label = {name: cells[name][:_LABEL_MAX] for name in (_PERMIT, _NAME, _ESTABLISHMENT, _REGION)}
        site = Site(
            permit=label[_PERMIT],
            name=label[_NAME] or f"Permis {label[_PERMIT]}",
            establishment=label[_ESTABLISHMENT] or label[_NAME] or f"Permis {label[_PERMIT]}",
            region=label[_REGION] or cells[_REGION_NUMBER],
        )
        numbers = _number(_CAPACITY, cells), _number(_OCCUPIED, cells)
        return Row(line, self._sites.setdefault(site, site), self._updated(cells[_UPDATED]), *numbers)

    def _updated(self, written: str) -> datetime:
        if written not in self._times:
            self._times[written] = updated(written, self._push.arrived_at, self._zone)
        return self._times[written]


def updated(written: str, arrived_at: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time. In the hour that comes twice, it is the last one before its arrival."""
    match = _TIME.fullmatch(written)
    try:
        local = datetime.fromisoformat(f"{match[1]}T{int(match[2]):02}:{match[3]}" if match else "")
    except ValueError:
        raise _Unfit(f"{_UPDATED} is not a time: {written[:40]!r}") from None
    if local.year not in _YEARS:
        raise _Unfit(f"{_UPDATED} is not of this time: {written[:40]!r}")
    either = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return either[1] if either[1] <= arrived_at + _AHEAD_MAX else either[0]


def _number(name: str, cells: dict[str, str]) -> int:
    written = cells[name]
    if not written:
        raise _Unfit(f"{name} is blank")
    match = _WHOLE.fullmatch(written)
    if match is None:
        raise _Unfit(f"{name} is not a whole number: {written[:40]!r}")
    if match[1]:
        raise _Unfit(f"{name} is negative: {written}")
    return int(match[2])
