/** The map itself: MapLibre, fetched only by who looks at a map. Knows points and labels, and nothing of units. */

import {
  AttributionControl,
  Map as GlMap,
  NavigationControl,
  setWorkerUrl,
  type GeoJSONSource,
  type StyleSpecification,
} from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Position, RegionCard } from "../api/types";
import type { CommuneLabel, ShelterPoint } from "./points";
import { COMMUNES, emptyStyle, fontOf, ourLayers, SHELTERS, type Colours } from "./style";
import { tileStyle } from "./tiles";

setWorkerUrl(workerUrl); // from our own files: the content security policy lets workers come from nowhere else

export interface Words {
  title: string;
  zoomIn: string;
  zoomOut: string;
}

export interface Wishes {
  card: RegionCard | null;
  bounds: [Position, Position] | null;
  words: Words;
  /** Letters for a wall are larger. */
  scale: number;
  chooseShelter(id: string): void;
  chooseCommune(code: string): void;
  /** The background cannot be had; ours stays. */
  withoutBackground(): void;
}

export interface Shown {
  shelters: readonly ShelterPoint[];
  communes: readonly CommuneLabel[];
  shelter: string;
  commune: string;
}

/** A finger is wider than a point. */
const REACH_PX = 12;

export class Drawing {
  #map: GlMap;
  #wishes: Wishes;
  #shown: Shown = { shelters: [], communes: [], shelter: "", commune: "" };
  #dark = matchMedia("(prefers-color-scheme: dark)");
  #ready = false;

  /** Throws where the browser has no WebGL. */
  constructor(container: HTMLElement, wishes: Wishes) {
    this.#wishes = wishes;
    this.#map = new GlMap({
      container,
      style: emptyStyle(colours()),
      ...(wishes.bounds === null ? {} : { bounds: wishes.bounds, fitBoundsOptions: { padding: 18 } }),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 17,
      locale: {
        "Map.Title": wishes.words.title,
        "NavigationControl.ZoomIn": wishes.words.zoomIn,
        "NavigationControl.ZoomOut": wishes.words.zoomOut,
      },
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    if (wishes.card?.background) this.#map.addControl(new AttributionControl({ compact: true }), "bottom-right");
    this.#map.on("style.load", () => this.#lay());
    this.#map.on("click", (event) => this.#pressed(event.point));
    this.#map.on("mousemove", (event) => {
      this.#map.getCanvas().style.cursor = this.#under(event.point) === null ? "" : "pointer";
    });
    this.#dark.addEventListener("change", this.#dress);
    void this.#dress();
  }

  show(shown: Shown): void {
    this.#shown = shown;
    if (this.#ready) this.#fill();
  }

  goTo(at: Position): void {
    this.#map.easeTo({ center: at, zoom: Math.max(this.#map.getZoom(), 13) });
  }

  fit(bounds: [Position, Position]): void {
    this.#map.fitBounds(bounds, { padding: 18 });
  }

  remove(): void {
    this.#dark.removeEventListener("change", this.#dress);
    this.#map.remove();
  }

  /** The background, in the colours of the page. */
  #dress = async (): Promise<void> => {
    const below = this.#wishes.card?.background ?? null;
    let style: StyleSpecification | string = emptyStyle(colours());
    try {
      if (below?.style) style = await whole(below.style);
      else if (below?.pmtiles) style = await tileStyle(below.pmtiles, colours());
    } catch {
      this.#wishes.withoutBackground();
    }
    this.#ready = false;
    this.#map.setStyle(style, { diff: false });
  };

  /** Our layers over whatever style has been loaded. */
  #lay(): void {
    const map = this.#map;
    const empty = { type: "FeatureCollection", features: [] } as const;
    const outline = this.#wishes.card?.map?.outline ?? [];
    const layers = map.getStyle().layers;
    map.addSource("outline", {
      type: "geojson",
      data: { type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates: outline } },
    });
    for (const id of [COMMUNES, SHELTERS]) map.addSource(id, { type: "geojson", data: empty });
    for (const layer of ourLayers(colours(), fontOf(layers), layers.length > 1, this.#wishes.scale)) map.addLayer(layer);
    this.#ready = true;
    this.#fill();
  }

  #fill(): void {
    const { shelters, communes, shelter, commune } = this.#shown;
    this.#put(SHELTERS, shelters, ({ id }) => id === shelter);
    this.#put(COMMUNES, communes, ({ code }) => code === commune);
  }

  #put<T extends { at: Position }>(source: string, points: readonly T[], chosen: (point: T) => boolean): void {
    const features = points.map((point) => ({
      type: "Feature" as const,
      properties: { ...point, at: undefined, chosen: chosen(point) },
      geometry: { type: "Point" as const, coordinates: point.at },
    }));
    void this.#map.getSource<GeoJSONSource>(source)?.setData({ type: "FeatureCollection", features });
  }

  #under({ x, y }: { x: number; y: number }): { layer: string; id: string } | null {
    if (!this.#ready) return null;
    const box: [[number, number], [number, number]] = [
      [x - REACH_PX, y - REACH_PX],
      [x + REACH_PX, y + REACH_PX],
    ];
    const found = this.#map.queryRenderedFeatures(box, { layers: [SHELTERS] })[0];
    if (found !== undefined) return { layer: SHELTERS, id: String(found.properties["id"]) };
    const label = this.#map.queryRenderedFeatures([x, y], { layers: [COMMUNES] })[0];
    return label === undefined ? null : { layer: COMMUNES, id: String(label.properties["code"]) };
  }

  #pressed(point: { x: number; y: number }): void {
    const found = this.#under(point);
    if (found === null) return;
    if (found.layer === SHELTERS) this.#wishes.chooseShelter(found.id);
    else this.#wishes.chooseCommune(found.id);
  }
}

/** Fetched by us, so that one that is not there is known at once. */
async function whole(url: string): Promise<string> {
  const answer = await fetch(url, { method: "GET", credentials: "omit" });
  if (!answer.ok) throw new Error(`the style answered ${answer.status}`);
  await answer.json();
  return url;
}

function colours(): Colours & { sunk: string } {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: of("paper"),
    surface: of("surface"),
    sunk: of("sunk"),
    ink: of("ink"),
    quiet: of("ink-2"),
    line: of("line"),
    action: of("action"),
    good: of("good"),
    bad: of("bad"),
  };
}
