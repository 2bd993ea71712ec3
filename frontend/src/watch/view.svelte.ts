/** What the board shows just now: rows, criteria, order. The order rests while somebody reads the table. */

import { compareNames } from "../i18n/format";
import { language } from "../i18n/language.svelte";
import type { LiveBoard } from "../live/board.svelte";
import { communeName } from "../region/communes";
import type { Region } from "../region/region.svelte";
import { countElsewhere, fromQuery, NONE, select, selectPlace, toQuery, type Criteria } from "./criteria";
import { Layout } from "./layout.svelte";
import { arrange, FIRST_SORT, keep, pressed, sameOrder, type Sort, type SortKey } from "./order";
import { Rows } from "./rows";
import { sumByAudience, sumByCommune } from "./totals";

export class View {
  criteria = $state.raw<Criteria>(NONE);
  sort = $state.raw<Sort>(FIRST_SORT);
  /** Somebody's focus or pointer is among the rows. */
  reading = $state(false);
  /** The shelter that the map is to show. */
  spot = $state.raw<string | null>(null);
  readonly layout: Layout;
  readonly region: Region;
  #live: LiveBoard;
  #rows = new Rows();
  #keptOrder: string[] | null = null;

  readonly all = $derived.by(() => this.#rows.follow(this.#live.board, language.current, this.region.communes));

  /** Whatever place is chosen: what the communes and the map are told of. */
  readonly everywhere = $derived.by(() => select(this.all, this.criteria, this.nowMs));

  readonly wanted = $derived.by(() => {
    const rows = selectPlace(this.everywhere, this.criteria);
    return arrange(rows, this.sort, compareNames(language.current));
  });

  readonly shown = $derived.by(() => {
    void this.all; // the rows behind the ids, whichever way they are found
    const kept = this.reading ? this.#keptOrder : null;
    const rows = kept === null ? this.wanted : keep(kept, (id) => this.#rows.get(id));
    this.#keptOrder = rows.map((row) => row.id);
    return rows;
  });

  readonly outOfOrder = $derived(this.reading && !sameOrder(this.shown, this.wanted));
  readonly byAudience = $derived.by(() => sumByAudience(this.all, this.criteria.regime));
  readonly byCommune = $derived.by(() => sumByCommune(this.everywhere, this.nowMs));

  /** How many would match under the other regime, asked where nothing matches here. */
  readonly elsewhere = $derived.by(() =>
    this.shown.length > 0 ? 0 : countElsewhere(this.all, this.criteria, this.nowMs),
  );

  readonly #shelters = $derived.by(() => this.#live.board.shelters);

  /** Code and name of every commune that the region has or a shelter names, by name. */
  readonly communes = $derived.by((): [code: string, name: string][] => {
    const codes = new Set(this.region.communes.keys());
    for (const shelter of this.#shelters.values()) codes.add(shelter.commune);
    if (this.criteria.commune) codes.add(this.criteria.commune);
    const named = [...codes].map((code): [string, string] => [code, this.communeName(code)]);
    const compare = compareNames(language.current);
    return named.sort((a, b) => compare(a[1], b[1]));
  });

  /** The name of the shelter that was chosen, if one was. */
  readonly shelterName = $derived.by(() => {
    const id = this.criteria.shelter;
    return id === "" ? "" : (this.#shelters.get(id)?.name ?? "…");
  });

  constructor(live: LiveBoard, region: Region, query: string) {
    this.#live = live;
    this.region = region;
    this.criteria = fromQuery(query);
    this.layout = new Layout(query, () => this.#address());
  }

  get nowMs(): number {
    return this.#live.nowMs;
  }

  /** How many units the regime has, filters aside. */
  get regimeSize(): number {
    return this.byAudience.units;
  }

  communeName(code: string): string {
    return communeName(this.region.communes, code, language.current);
  }

  set(change: Partial<Criteria>): void {
    this.criteria = { ...this.criteria, ...change };
    this.sortNow();
    this.#address();
  }

  #address(): void {
    const query = new URLSearchParams([...toQuery(this.criteria), ...this.layout.query()]).toString();
    history.replaceState(null, "", location.pathname + (query && `?${query}`));
  }

  showOnMap(shelter: string): void {
    this.layout.openMap();
    this.spot = null;
    queueMicrotask(() => (this.spot = shelter));
  }

  clear(): void {
    this.set({ ...NONE, regime: this.criteria.regime });
  }

  press(key: SortKey): void {
    this.sort = pressed(this.sort, key);
    this.sortNow();
  }

  sortNow(): void {
    this.#keptOrder = null;
    this.reading = false;
  }
}
