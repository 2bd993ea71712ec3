"""Totals of a board, added up from what the audience sees (I11): what subtraction could tell, the board tells already.

Places and rooms are never summed together. The public gets round numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inventory.model.audience import BAND_FLOOR, left
from inventory.model.state import Status

PUBLIC_STEP = 5


# What totals need of a unit: its id, what is available, whether that is only the least it can be, free, held, capacity.
Counted = tuple[str, int, bool, int, int, int]
# By what units are added up: allotment, audiences, commune.
Alike = tuple[str, tuple[str, ...], str]


def counted(unit: Mapping[str, Any]) -> Counted | None:
    """Return what a projected unit adds to totals; None where it is closed, and adds nothing."""
    if unit["status"] == Status.CLOSED:
        return None
    if unit.get("masked"):
        band = unit["band"]
        available, least = BAND_FLOOR[band], band != "0"
    else:
        available, least = left(unit), False
    return unit["id"], available, least, unit.get("free", 0), unit.get("held", 0), unit.get("capacity", 0)


class Adding:
    """Totals on the way, by allotment, audience and commune: a large region is added up in portions.

    `about` maps a unit's id to its attributes, of which `alike` is asked. Each unit is put to its like alone; what
    these come to, and come to together, is reckoned in the end, of a few dozen groups. A unit for several audiences
    counts in each of them, so these do not add up to the whole.
    """

    def __init__(self, about: Mapping[str, Mapping[str, Any]]) -> None:
        self._about = about
        self._alike: defaultdict[Alike, list[Counted]] = defaultdict(list)

    def add(self, units: Iterable[Counted | None]) -> None:
        about, groups = self._about, self._alike
        for unit in units:
            if unit is not None and (attributes := about.get(unit[0])) is not None:
                groups[attributes["alike"]].append(unit)

    def result(self) -> dict[str, Any]:
        result: dict[str, Any] = {"all": {}, "audience": {}, "commune": {}}
        for (allotment, audience, commune), units in self._alike.items():
            _, available, least, free, held, capacity = zip(*units, strict=True)
            sums = (len(units), sum(available), sum(least), sum(free), sum(held), sum(capacity))
            groups = [result["all"], result["commune"].setdefault(commune, {})]
            groups += [result["audience"].setdefault(one, {}) for one in audience]
            for group in groups:
                _join(group.setdefault(allotment, dict(_NOTHING)), sums)
        return result


_NOTHING = {"units": 0, "available": 0, "at_least": False, "free": 0, "held": 0, "capacity": 0}


def _join(total: dict[str, Any], sums: Sequence[int]) -> None:
    for name, value in zip(_NOTHING, sums, strict=True):
        total[name] = bool(total[name] or value) if name == "at_least" else total[name] + value


def totals(units: Iterable[Mapping[str, Any]], about: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Add up projected units."""
    adding = Adding(about)
    adding.add(map(counted, units))
    return adding.result()


def rounded(total: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the public may know: what is available, rounded down, and nothing that is held."""
    whole = {kind: _round(group) for kind, group in total["all"].items()}
    audience = {
        name: {kind: _round(group) for kind, group in groups.items()} for name, groups in total["audience"].items()
    }
    return {"all": whole, "audience": audience}


def _round(group: Mapping[str, Any]) -> dict[str, int]:
    return {"available": group["available"] // PUBLIC_STEP * PUBLIC_STEP, "rounded_to": PUBLIC_STEP}
