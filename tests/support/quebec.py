"""Small hourly files like those of Québec's emergency rooms: Latin-1, tabs in the header, hours without a nought.

All names in them are invented.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Toronto")
NO_INFORMATION = "pas d'information disponible"
_TABS = "\t\t\t\t\t\t"
HEADER = (
    "RSS,Region,Nom_etablissement,Nom_installation,No_permis_installation,"
    f"Nombre_de_civieres_fonctionnelles {_TABS},Nombre_de_civieres_occupees,"
    f"Nombre_de_patients_sur_civiere_plus_de_24_heures,Nombre_de_patients_sur_civiere_plus_de_48_heures{_TABS},"
    "Nombre_total_de_patients_presents_a_lurgence,Nombre_total_de_patients_en_attente_de_PEC,DMS_sur_civiere,"
    f"DMS_ambulatoire{_TABS},DMS_sur_civiere_horaire,DMS_ambulatoire_horaire,Heure_de_l'extraction_(image), Mise_a_jour"
)
_OTHERS = "1,0,9,3,1.5,2.5,1:30,2:30,20:00:00"
_NAMES = {"101": "HÔPITAL DES ÉRABLES", "102": "HÔPITAL DES BOULEAUX", "103": "CLSC DE L'ÉPINETTE"}


def instant(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def site(
    permit: str,
    capacity: object,
    occupied: object,
    updated: str,
    *,
    name: str | None = None,
    owner: str = "CISSS INVENTÉ",
) -> str:
    called = name or _NAMES.get(permit, f"SITE INVENTÉ {permit}")
    return f"01,Vallée-Inventée,{owner},{called},{permit},{capacity},{occupied},{_OTHERS},{updated}"


def total(updated: str, capacity: object = 99, occupied: object = 98) -> str:
    called = "Total régional"
    return f"01,Vallée-Inventée,{called},{called}, ,{capacity},{occupied},{_OTHERS},{updated}"


def file_of(rows: Iterable[str]) -> bytes:
    return "".join(f"{one}\r\n" for one in (HEADER, *rows)).encode("latin-1")


def local(at: datetime) -> str:
    """Write an instant as the files do: local, to the minute, and the hour without a nought before it."""
    there = at.astimezone(ZONE)
    return f"{there:%Y-%m-%d}T{there.hour}:{there:%M}"


def stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.csv"


def folder_of(path: Path, pushes: Sequence[tuple[datetime, bytes]], *, manifest: bool = True) -> Path:
    """Write a folder: each push a file named for its arrival, and a manifest without a header like the real one."""
    path.mkdir(parents=True, exist_ok=True)
    for at, content in pushes:
        (path / stamp(at)).write_bytes(content)
    if manifest:
        lines = [f"{stamp(at)},{at.isoformat()},{nth:040x}" for nth, (at, _) in enumerate(pushes)]
        (path / "manifest.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return path


def naive(pushes: Iterable[tuple[datetime, bytes]]) -> dict[str, dict[str, object]]:
    """Return what each site has come to at the last arrival, read anew: by position, knowing nothing of the replay."""
    told: dict[str, list[tuple[datetime, datetime, int, int]]] = {}
    now = datetime.min.replace(tzinfo=UTC)
    for now, content in pushes:
        for line in content.decode("latin-1").split("\r\n")[1:]:
            cells = next(csv.reader([line]), [])
            if len(cells) != 17 or not cells[4].strip() or not cells[5].isdigit():
                continue
            capacity, occupied = int(cells[5]), int(cells[6])
            if occupied - capacity > max(20, 3 * capacity):
                continue  # the server takes it for a slip
            updated = datetime.strptime(cells[16], "%Y-%m-%dT%H:%M").replace(tzinfo=ZONE).astimezone(UTC)
            told.setdefault(cells[4], []).append((updated, now, capacity, occupied))
    return {permit: _come_to(all_told, now) for permit, all_told in told.items()}


def _come_to(told: list[tuple[datetime, datetime, int, int]], now: datetime) -> dict[str, object]:
    newest = max(updated for updated, *_ in told)
    of_newest = [one for one in told if one[0] == newest]
    _, _, capacity, occupied = of_newest[-1]
    confirmed = min(newest, of_newest[0][1])
    last = (told[-1][0], *told[-1][2:])
    run = 0
    for updated, _, *numbers in reversed(told):
        if (updated, *numbers) != last:
            break
        run += 1
    hours = (now - confirmed).total_seconds() / 3600
    return {
        "free": max(0, capacity - occupied),
        "over_by": max(0, occupied - capacity),
        "capacity": capacity,
        "confirmed_at": confirmed,
        "age": "silent" if hours >= 24 else "stale" if hours >= 6 else "ageing" if hours >= 2 else "fresh",
        "stuck": run >= 12,
    }
