"""The board as GeoJSON features (RFC 7946), made from what the audience sees and from nothing else (I11).

One feature per shelter. A secret shelter's body says no position to anybody, so its feature has no
geometry and can be placed in its commune at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from inventory.model.audience import left

_SITE = ("name", "commune", "secret", "invented", "closed")
_STATE = ("intake", "intake_until", "confirmed_at", "aging_at", "stale_at", "silent_at")
_ABOUT = ("name", "audience", "allotment", "regime")


def features(shelters: Iterable[Mapping[str, Any]], units: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a feature for each projected shelter, with those of its units that are among `units`."""
    states = {unit["id"]: unit for unit in units}
    return [_feature(shelter, states) for shelter in shelters]


def _feature(shelter: Mapping[str, Any], states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    told = [_unit(about, states[about["id"]]) for about in shelter["units"] if about["id"] in states]
    properties = {"id": shelter["id"]} | {name: shelter[name] for name in _SITE} | {"units": told}
    return {"type": "Feature", "id": shelter["id"], "geometry": _geometry(shelter), "properties": properties}


def _geometry(shelter: Mapping[str, Any]) -> dict[str, Any] | None:
    location = shelter["location"]
    # The body of a secret shelter carries none; asked twice, because a map that shows one harms people.
    if location is None or shelter["secret"]:
        return None
    return {"type": "Point", "coordinates": location}


def _unit(about: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    head = {"id": about["id"]} | {name: about[name] for name in _ABOUT} | {"status": state["status"]}
    return head | _count(state) | {name: state[name] for name in _STATE}


def _count(state: Mapping[str, Any]) -> dict[str, Any]:
    if state.get("masked"):
        return {"masked": True, "band": state["band"]}
    return {"available": left(state)}
