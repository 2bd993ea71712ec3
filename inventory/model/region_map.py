"""The map of a region: its outline, and its communes with their names and the points at which they are labelled.

Read from GeoJSON (RFC 7946) that somebody brings along, and so bounded and checked before any screen is given it.
Nothing in it says where a shelter is (I11).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FILE_MAX_BYTES = 1_048_576
COMMUNES_MAX = 2_000
POSITIONS_MAX = 30_000
_NAME_MAX = 80
_CODE_MAX = 20
_ATTRIBUTION_MAX = 200
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
_RING_MIN = 4
_PAIR = 2
_LONGITUDE_MAX, _LATITUDE_MAX = 180.0, 90.0

Position = tuple[float, float]
Ring = tuple[Position, ...]
Polygon = tuple[Ring, ...]


class NotAMap(ValueError):
    """The file cannot be a region's map; the message says where and what would do."""


@dataclass(frozen=True, slots=True)
class Commune:
    """`names` by language, in the order of the file: the first serves where a language has none."""

    code: str
    names: Mapping[str, str]
    point: Position


@dataclass(frozen=True, slots=True)
class RegionMap:
    """`outline` as the polygons of a MultiPolygon; none where only the communes are known."""

    communes: tuple[Commune, ...]
    outline: tuple[Polygon, ...] = ()
    attribution: str = ""


def read_map(raw: object) -> RegionMap:
    """Read a FeatureCollection: a Polygon or MultiPolygon is the outline, a Point with a `code` is a commune."""
    if not isinstance(raw, dict) or raw.get("type") != "FeatureCollection":
        raise NotAMap("Expected a GeoJSON FeatureCollection.")
    features = raw.get("features")
    if not isinstance(features, list) or not features:
        raise NotAMap("The collection has no features.")
    outline: tuple[Polygon, ...] = ()
    communes: dict[str, Commune] = {}
    for number, feature in enumerate(features, start=1):
        kind, geometry, properties = _parts(feature, number)
        if kind == "Point":
            commune = _commune(geometry, properties, number)
            if commune.code in communes:
                raise NotAMap(f"Feature {number}: the commune {commune.code} is there twice.")
            communes[commune.code] = commune
        elif outline:
            raise NotAMap(f"Feature {number}: a second outline; one Polygon or MultiPolygon is the region's.")
        else:
            outline = _outline(kind, geometry, number)
    if not communes:
        raise NotAMap("No commune: each is a Point whose properties have a `code` and names such as `name:fr`.")
    if len(communes) > COMMUNES_MAX:
        raise NotAMap(f"{len(communes)} communes; at most {COMMUNES_MAX}.")
    return RegionMap(tuple(communes.values()), outline, _text(raw.get("attribution", ""), "attribution", 0))


def _parts(feature: object, number: int) -> tuple[str, object, Mapping[str, Any]]:
    if not isinstance(feature, dict) or not isinstance(feature.get("geometry"), dict):
        raise NotAMap(f"Feature {number} has no geometry.")
    kind = feature["geometry"].get("type")
    if kind not in {"Point", "Polygon", "MultiPolygon"}:
        raise NotAMap(f"Feature {number} is a {kind!s:.20}; expected a Point, a Polygon or a MultiPolygon.")
    properties = feature.get("properties")
    return kind, feature["geometry"].get("coordinates"), properties if isinstance(properties, dict) else {}


def _commune(coordinates: object, properties: Mapping[str, Any], number: int) -> Commune:
    code = properties.get("code")
    # What stands in a shelter's `commune` is compared with it: a number would match nothing.
    if not isinstance(code, str) or not 0 < len(code) <= _CODE_MAX or not code.isprintable():
        raise NotAMap(f"Feature {number}: `code` must be a text of 1 to {_CODE_MAX} signs, as shelters name it.")
    names = {
        language: _text(value, name, number)
        for name, value in properties.items()
        if (language := name.removeprefix("name:")) != name and _LANGUAGE.fullmatch(language)
    }
    if not names or "" in names.values():
        raise NotAMap(f"Feature {number}: no name; write `name:fr`, `name:nl` and so on.")
    return Commune(code, names, _position(coordinates, number))


def _text(value: object, name: str, number: int) -> str:
    longest = _NAME_MAX if number else _ATTRIBUTION_MAX
    if isinstance(value, str) and len(value) <= longest and (value == "" or value.isprintable()):
        return value.strip()
    where = f"Feature {number}: " if number else ""
    raise NotAMap(f"{where}`{name}` must be a text of at most {longest} signs on one line.")


def _position(value: object, number: int) -> Position:
    if isinstance(value, list) and len(value) >= _PAIR and all(map(_is_number, value[:_PAIR])):
        longitude, latitude = float(value[0]), float(value[1])
        if abs(longitude) <= _LONGITUDE_MAX and abs(latitude) <= _LATITUDE_MAX:
            return longitude, latitude
    raise NotAMap(f"Feature {number}: a position is [longitude, latitude] in degrees (WGS 84), found {value!r:.40}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _outline(kind: str, coordinates: object, number: int) -> tuple[Polygon, ...]:
    polygons = [coordinates] if kind == "Polygon" else coordinates
    made = tuple(tuple(_ring(ring, number) for ring in _list(polygon, number)) for polygon in _list(polygons, number))
    if sum(1 for _ in _positions(made)) > POSITIONS_MAX:
        raise NotAMap(f"Feature {number}: more than {POSITIONS_MAX} positions; simplify the outline.")
    return made


def _list(value: object, number: int) -> Sequence[object]:
    if isinstance(value, list) and 0 < len(value) <= POSITIONS_MAX:
        return value
    raise NotAMap(f"Feature {number}: its coordinates are not those of a polygon.")


def _ring(value: object, number: int) -> Ring:
    ring = tuple(_position(position, number) for position in _list(value, number))
    if len(ring) < _RING_MIN or ring[0] != ring[-1]:
        raise NotAMap(f"Feature {number}: a ring has four positions or more, and ends where it began.")
    return ring


def _positions(polygons: tuple[Polygon, ...]) -> Iterator[Position]:
    return (position for polygon in polygons for ring in polygon for position in ring)
