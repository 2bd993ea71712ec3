/** What the board shows just now: rows, criteria, order. The order rests while somebody reads the table. */

import { compareNames } from "../i18n/format";
import { language } from "../i18n/language.svelte";
import type { LiveBoard } from "../live/board.svelte";
import { countElsewhere, fromQuery, NONE, select, toQuery, type Criteria } from "./criteria";
import { arrange, FIRST_SORT, keep, pressed, sameOrder, type Sort, type SortKey } from "./order";
import { buildRows, type Row } from "./rows";

export class View {
  criteria = $state.raw<Criteria>(NONE);
  sort = $state.raw<Sort>(FIRST_SORT);
  /** Somebody's focus or pointer is among the rows. */
  reading = $state(false);
  #live: LiveBoard;
  #cache = new Map<string, Row>();
  #cacheLanguage = "";
  #keptOrder: string[] | null = null;

  readonly all = $derived.by(() => {
    if (this.#cacheLanguage !== language.current) this.#cache = new Map();
    this.#cacheLanguage = language.current;
    return (this.#cache = buildRows(this.#live.board, language.current, this.#cache));
  });

  readonly wanted = $derived.by(() => {
    const rows = select(this.all.values(), this.criteria, this.#live.nowMs);
    return arrange(rows, this.sort, compareNames(language.current));
  });

  readonly shown = $derived.by(() => {
    const rows = this.reading && this.#keptOrder !== null ? keep(this.#keptOrder, this.all) : this.wanted;
    this.#keptOrder = rows.map((row) => row.id);
    return rows;
  });

  readonly outOfOrder = $derived(this.reading && !sameOrder(this.shown, this.wanted));

  /** How many would match under the other regime, asked where nothing matches here. */
  readonly elsewhere = $derived.by(() =>
    this.shown.length > 0 ? 0 : countElsewhere(this.all.values(), this.criteria, this.#live.nowMs),
  );

  /** How many units the regime has, filters aside. */
  readonly regimeSize = $derived.by(
    () => select(this.all.values(), { ...NONE, regime: this.criteria.regime }, this.#live.nowMs).length,
  );

  constructor(live: LiveBoard, query: string) {
    this.#live = live;
    this.criteria = fromQuery(query);
  }

  set(change: Partial<Criteria>): void {
    this.criteria = { ...this.criteria, ...change };
    this.sortNow();
    history.replaceState(null, "", location.pathname + toQuery(this.criteria));
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
