/** A background from a PMTiles file: images as they are; vector tiles of any schema in greys, by what each layer is. */

import { addProtocol, type LayerSpecification, type StyleSpecification } from "maplibre-gl";
import { PMTiles, Protocol, TileType } from "pmtiles";
import type { Colours } from "./style";

const SOURCE = "tiles";
let protocol: Protocol | null = null;

interface Metadata {
  vector_layers?: { id: string }[];
  attribution?: string;
}

/** Rejects where the file cannot be had or read. */
export async function tileStyle(url: string, colours: Colours & { sunk: string }): Promise<StyleSpecification> {
  if (protocol === null) {
    protocol = new Protocol();
    addProtocol("pmtiles", protocol.tile);
  }
  const address = new URL(url, location.href).href;
  const archive = new PMTiles(address);
  protocol.add(archive);
  const [header, raw] = await Promise.all([archive.getHeader(), archive.getMetadata()]);
  const metadata = (raw ?? {}) as Metadata;
  const vector = header.tileType === TileType.Mvt;
  return {
    version: 8,
    sources: {
      [SOURCE]: {
        type: vector ? "vector" : "raster",
        url: `pmtiles://${address}`,
        ...(metadata.attribution ? { attribution: metadata.attribution } : {}),
      },
    },
    layers: [
      { id: "paper", type: "background", paint: { "background-color": colours.surface } },
      ...(vector ? greys(metadata.vector_layers ?? [], colours) : [{ id: "images", type: "raster", source: SOURCE } as const]),
    ],
  };
}

const WATER = /water|ocean|river|sea/i;
const BOUNDARY = /bound|admin|border/i;

export function greys(layers: readonly { id: string }[], colours: Colours & { sunk: string }): LayerSpecification[] {
  const areas: LayerSpecification[] = [];
  const lines: LayerSpecification[] = [];
  for (const { id } of layers) {
    const common = { source: SOURCE, "source-layer": id };
    if (!BOUNDARY.test(id))
      areas.push({
        ...common,
        id: `${id} areas`,
        type: "fill",
        filter: ["==", ["geometry-type"], "Polygon"],
        paint: { "fill-color": WATER.test(id) ? colours.line : colours.sunk, "fill-opacity": 0.8 },
      });
    lines.push({
      ...common,
      id: `${id} lines`,
      type: "line",
      filter: BOUNDARY.test(id) ? ["!=", ["geometry-type"], "Point"] : ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": colours.line, "line-width": ["interpolate", ["linear"], ["zoom"], 9, 0.4, 15, 2] },
    });
  }
  return [...areas, ...lines];
}
