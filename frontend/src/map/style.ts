/** How the map is drawn: our own layers, over nothing or over somebody's background. Pure. */

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";

export interface Colours {
  paper: string;
  surface: string;
  ink: string;
  quiet: string;
  line: string;
  action: string;
  good: string;
  bad: string;
}

export const SHELTERS = "shelters";
export const COMMUNES = "communes";

/** A map that needs nobody: paper, and what we lay over it. Without `glyphs`, letters are drawn by the browser. */
const NEAR = 12;

type Radii = [some: number, doubtful: number, unknown: number, none: number];

function radius(radii: Radii, scale: number): ExpressionSpecification {
  const [some, doubtful, unknown, none] = radii.map((one) => one * scale) as Radii;
  return ["match", ["get", "state"], "some", some, "doubtful", doubtful, "unknown", unknown, none];
}

export const emptyStyle = ({ sunk }: { sunk: string }): StyleSpecification => ({
  version: 8,
  sources: {},
  layers: [{ id: "paper", type: "background", paint: { "background-color": sunk } }],
});

const isState = (...states: string[]): ExpressionSpecification => ["in", ["get", "state"], ["literal", states]];

/** `font` is one that the background's own letters come in, where it brings any. */
export function ourLayers(colours: Colours, font: string[] | null, background: boolean, scale: number): LayerSpecification[] {
  const letters = font === null ? {} : { "text-font": font };
  const halo = { "text-halo-color": colours.paper, "text-halo-width": 2.2 };
  return [
    // Over a background the region is only outlined.
    {
      id: "region",
      type: "fill",
      source: "outline",
      paint: { "fill-color": colours.surface, "fill-opacity": background ? 0 : 1 },
    },
    { id: "outline", type: "line", source: "outline", paint: { "line-color": colours.quiet, "line-width": 1.5 } },
    {
      id: SHELTERS,
      type: "circle",
      source: SHELTERS,
      layout: { "circle-sort-key": ["match", ["get", "state"], "some", 3, "doubtful", 2, "unknown", 1, 0] },
      paint: {
        // From afar the communes have the numbers, and shelters are marks; near by each has its own.
        "circle-radius": ["step", ["zoom"], radius([3.5, 4, 3.5, 2.5], scale), NEAR, radius([11, 11, 8, 5], scale)],
        "circle-color": ["case", isState("some"), colours.good, colours.surface],
        "circle-stroke-color": [
          "case",
          ["get", "chosen"],
          colours.action,
          ["match", ["get", "state"], "some", colours.surface, "none", colours.quiet, colours.bad],
        ],
        "circle-stroke-width": ["case", ["get", "chosen"], 4, isState("some"), 1.5, 2],
      },
    },
    {
      id: "counts",
      type: "symbol",
      source: SHELTERS,
      minzoom: NEAR,
      filter: isState("some", "doubtful", "unknown"),
      layout: {
        ...letters,
        "text-field": ["get", "label"],
        "text-size": 11 * scale,
        "text-allow-overlap": true,
        "text-ignore-placement": true,
        "symbol-sort-key": ["match", ["get", "state"], "some", 3, 1],
      },
      paint: { "text-color": ["case", isState("some"), colours.paper, colours.ink] },
    },
    {
      id: "names",
      type: "symbol",
      source: SHELTERS,
      minzoom: 13,
      layout: {
        ...letters,
        "text-field": ["get", "name"],
        "text-size": 12 * scale,
        "text-anchor": "top",
        "text-offset": [0, 1],
        "text-max-width": 9,
        "text-optional": true,
      },
      paint: { ...halo, "text-color": colours.ink },
    },
    {
      id: COMMUNES,
      type: "symbol",
      source: COMMUNES,
      layout: {
        ...letters,
        "text-field": ["get", "label"],
        "text-size": ["interpolate", ["linear"], ["zoom"], 9, 10 * scale, 11, 12 * scale, 14, 15 * scale],
        "text-line-height": 1.15,
        "text-max-width": 9,
        "text-padding": 1,
        "text-variable-anchor": ["center", "top", "bottom"],
      },
      paint: { ...halo, "text-color": ["case", ["get", "chosen"], colours.action, colours.ink] },
    },
  ];
}

/** A font that the background knows: its letters come from its own server, and that has no other. */
export function fontOf(layers: readonly LayerSpecification[]): string[] | null {
  for (const layer of layers) {
    const font = layer.type === "symbol" ? layer.layout?.["text-font"] : undefined;
    if (Array.isArray(font) && font.every((name) => typeof name === "string" && name !== "literal")) return font as string[];
  }
  return null;
}
