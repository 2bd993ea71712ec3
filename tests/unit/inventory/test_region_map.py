"""What is brought as a region's map is read as it is meant, or refused with the place and a way out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from halte.demo.inventing import COMMUNES
from halte.demo.outlining import FILE
from inventory.mapping import parse_map
from inventory.model.region_map import COMMUNES_MAX, POSITIONS_MAX, Commune, NotAMap, read_map

RING = [[4.0, 50.0], [5.0, 50.0], [5.0, 51.0], [4.0, 50.0]]


def point(code: object = "1", **names: object) -> dict[str, Any]:
    named = {f"name:{language}": name for language, name in (names or {"fr": "Ici"}).items()}
    return {
        "type": "Feature",
        "properties": {"code": code, **named},
        "geometry": {"type": "Point", "coordinates": [4.1, 50.1]},
    }


def outline(coordinates: object, kind: str = "Polygon") -> dict[str, Any]:
    return {"type": "Feature", "properties": None, "geometry": {"type": kind, "coordinates": coordinates}}


def collection(*features: object, **members: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def test_an_outline_and_its_communes() -> None:
    found = read_map(collection(outline([RING]), point("21004", fr="Bruxelles", nl="Brussel"), attribution="Somebody"))
    assert found.communes == (Commune("21004", {"fr": "Bruxelles", "nl": "Brussel"}, (4.1, 50.1)),)
    assert found.outline == (((tuple(map(tuple, RING))),),)
    assert found.attribution == "Somebody"


def test_several_parts_and_no_outline() -> None:
    assert len(read_map(collection(outline([[RING], [RING]], "MultiPolygon"), point())).outline) == 2
    assert read_map(collection(point())).outline == ()


def test_what_the_demonstration_ships_is_the_region() -> None:
    found = parse_map(FILE.read_bytes())
    assert {commune.code for commune in found.communes} == {code for code, *_ in COMMUNES}
    assert all(set(commune.names) == {"fr", "nl"} for commune in found.communes)
    assert "CC BY 4.0" in found.attribution
    assert FILE.stat().st_size < 10_000
    assert all(_inside(commune.point, found.outline[0][0]) for commune in found.communes)


def _inside(point: tuple[float, float], ring: tuple[tuple[float, float], ...]) -> bool:
    """Count the edges that a ray to the east crosses."""
    x, y = point
    crossed = 0
    for (ax, ay), (bx, by) in pairwise(ring):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            crossed += 1
    return crossed % 2 == 1


@pytest.mark.parametrize(
    "raw, words",
    [
        ([], "FeatureCollection"),
        ({"type": "FeatureCollection", "features": []}, "no features"),
        (collection(outline([RING])), "No commune"),
        (collection(point(), {"type": "Feature", "geometry": None}), "Feature 2 has no geometry"),
        (collection(outline([], "LineString")), "is a LineString"),
        (collection(point(), point()), "the commune 1 is there twice"),
        (collection(point(), outline([RING]), outline([RING])), "a second outline"),
        (collection(point(21004)), "`code` must be a text"),
        (collection(point("2\n1")), "`code` must be a text"),
        (collection(point("1", fr="")), "no name"),
        (collection(point("1", FR="Ici")), "no name"),
        (collection(point("1", fr="a" * 81)), "at most 80 signs"),
        (collection(point("1", fr="<b>\x00")), "on one line"),
        (collection(point(), attribution=["me"]), "`attribution` must be a text"),
        (collection(outline([RING[:-1]]), point()), "ends where it began"),
        (collection(outline([[[4, 95], *RING[1:]]]), point()), "[longitude, latitude] in degrees"),
        (collection(outline([[[True, 50], *RING[1:]]]), point()), "[longitude, latitude] in degrees"),
        (collection(outline("far"), point()), "not those of a polygon"),
        (collection(outline([[RING]]), point()), "[longitude, latitude] in degrees"),
    ],
)
def test_what_is_no_map_is_refused_in_words(raw: object, words: str) -> None:
    with pytest.raises(NotAMap) as refused:
        read_map(raw)
    assert words in str(refused.value)


def test_it_is_bounded() -> None:
    many = [point(str(number)) for number in range(COMMUNES_MAX + 1)]
    with pytest.raises(NotAMap, match="at most 2000"):
        read_map(collection(*many))
    ring = [[4.0, 50.0]] * (POSITIONS_MAX // 2 + 1)
    with pytest.raises(NotAMap, match="simplify"):
        read_map(collection(outline([ring, ring]), point()))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, msgspec.json.encode("a")])
def test_what_is_not_json_is_refused(content: bytes) -> None:
    with pytest.raises(NotAMap):
        parse_map(content)


def test_the_outline_agrees_with_another_source(shared_data: Any) -> None:
    """Area of the outline against the union of the communes' own polygons, which share no source with it."""
    path = shared_data / "brussels-geo" / "brussels_communes_osm_odbl.geojson"
    if not path.is_file():
        pytest.skip("no other outline to compare with")
    communes = msgspec.json.decode(path.read_bytes())["features"]
    other = sum(_area(polygon[0]) for one in communes for polygon in _polygons(one["geometry"]))
    ours = _area(parse_map(FILE.read_bytes()).outline[0][0])
    assert ours == pytest.approx(other, rel=0.005)


def _polygons(geometry: Any) -> Any:
    found = geometry["coordinates"]
    return found if geometry["type"] == "MultiPolygon" else [found]


def _area(ring: Any) -> float:
    return float(abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(ring)))) / 2
