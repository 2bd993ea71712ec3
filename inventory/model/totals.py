"""Totals of a board, added up from what the audience sees (I11): what subtraction could tell, the board tells already.

Places and rooms are never summed together. The public gets round numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from inventory.model.audience import BAND_FLOOR, left
from inventory.model.state import Status

PUBLIC_STEP = 5


def _available(unit: Mapping[str, Any]) -> tuple[int, bool]:
    """Return how many are available, and whether that is only the least it can be."""
    if unit.get("masked"):
        return BAND_FLOOR[unit["band"]], unit["band"] != "0"
    return left(unit), False


def _empty() -> dict[str, Any]:
    return {"units": 0, "available": 0, "at_least": False, "free": 0, "held": 0, "capacity": 0}


def _add(total: dict[str, Any], unit: Mapping[str, Any]) -> None:
    count, least = _available(unit)
    total["units"] += 1
    total["available"] += count
    total["at_least"] |= least
    for name in ("free", "held", "capacity"):
        total[name] += unit.get(name, 0)


def totals(units: Iterable[Mapping[str, Any]], about: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Add up projected units by allotment, audience and commune.

    `about` maps a unit's id to its attributes and its shelter's commune. A unit for several
    audiences counts in each of them, so these do not add up to the whole.
    """
    result: dict[str, Any] = {"all": {}, "audience": {}, "commune": {}}
    for unit in units:
        attributes = about.get(unit["id"])
        if attributes is None or unit["status"] == Status.CLOSED:
            continue
        allotment = attributes["allotment"]
        groups = [result["all"]]
        groups += [result["audience"].setdefault(one, {}) for one in attributes["audience"]]
        groups.append(result["commune"].setdefault(attributes["commune"], {}))
        for group in groups:
            _add(group.setdefault(allotment, _empty()), unit)
    return result


def rounded(total: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the public may know: what is available, rounded down, and nothing that is held."""
    whole = {kind: _round(group) for kind, group in total["all"].items()}
    audience = {
        name: {kind: _round(group) for kind, group in groups.items()} for name, groups in total["audience"].items()
    }
    return {"all": whole, "audience": audience}


def _round(group: Mapping[str, Any]) -> dict[str, int]:
    return {"available": group["available"] // PUBLIC_STEP * PUBLIC_STEP, "rounded_to": PUBLIC_STEP}
