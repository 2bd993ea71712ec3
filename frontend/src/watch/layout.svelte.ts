/**
 * What stands beside what: table and map together where there is room, one of them where there is not; and letters for a
 * wall. It is in the address like the criteria, so that a wall's screen comes back as it was.
 */

const WIDE = "(min-width: 1280px)";

/** As much larger are letters on a wall (base.css). */
export const WALL_SCALE = 1.5;

export class Layout {
  /** Null while nobody has chosen: then a wide screen has the map beside the table. */
  #map = $state<boolean | null>(null);
  #wall = $state(false);
  #wide = $state(false);
  #changed: () => void;

  constructor(query: string, changed: () => void) {
    const given = new URLSearchParams(query);
    this.#changed = changed;
    this.#map = ({ open: true, closed: false } as const)[given.get("map") ?? ""] ?? null;
    this.#wall = given.get("wall") === "1";
  }

  /** Returns how to stop following the width of the screen. */
  start(): () => void {
    const media = matchMedia(WIDE);
    const look = () => (this.#wide = media.matches);
    look();
    media.addEventListener("change", look);
    return () => {
      media.removeEventListener("change", look);
      delete document.documentElement.dataset["wall"];
    };
  }

  get wide(): boolean {
    return this.#wide;
  }

  get showsMap(): boolean {
    return this.#map ?? this.#wide;
  }

  get showsTable(): boolean {
    return this.#wide || !this.showsMap;
  }

  get wall(): boolean {
    return this.#wall;
  }

  /** How much larger than usual letters are just now. */
  get scale(): number {
    return this.#wall && this.#wide ? WALL_SCALE : 1;
  }

  openMap(open = true): void {
    this.#map = open === this.#wide ? null : open;
    this.#changed();
  }

  hang(wall: boolean): void {
    this.#wall = wall;
    this.#changed();
  }

  query(): [string, string][] {
    const query: [string, string][] = [];
    if (this.#map !== null) query.push(["map", this.#map ? "open" : "closed"]);
    if (this.#wall) query.push(["wall", "1"]);
    return query;
  }
}
