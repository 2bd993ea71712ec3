/** In which order rows stand, and that they keep it while somebody reads. Pure. */

import type { Row } from "./rows";

export const SORTS = ["shelter", "commune", "available", "confirmed"] as const;
export type SortKey = (typeof SORTS)[number];
export interface Sort {
  key: SortKey;
  descending: boolean;
}

export const FIRST_SORT: Sort = { key: "shelter", descending: false };

/** The way round that a person means by the first press. */
export function pressed(sort: Sort, key: SortKey): Sort {
  if (sort.key === key) return { key, descending: !sort.descending };
  return { key, descending: key === "available" || key === "confirmed" };
}

/** Rows come in the order of names, and those that tie keep it: equal counts do not swap places. */
export function arrange(rows: readonly Row[], sort: Sort, compareNames: (a: string, b: string) => number): readonly Row[] {
  if (sort.key === "shelter") return sort.descending ? [...rows].reverse() : rows;
  const sign = sort.descending ? -1 : 1;
  const keyOf = sort.key === "commune" ? byCommune(rows, compareNames) : KEYS[sort.key];
  return [...rows].sort((a, b) => sign * (keyOf(a) - keyOf(b)));
}

const KEYS = {
  available: (row: Row) => row.available,
  confirmed: (row: Row) => row.confirmedMs,
} as const;

/** Communes are few: they are put in order once, and rows by their place in it. */
function byCommune(rows: readonly Row[], compareNames: (a: string, b: string) => number): (row: Row) => number {
  const names = [...new Set(rows.map((row) => row.commune))].sort(compareNames);
  const places = new Map(names.map((name, place) => [name, place]));
  return (row) => places.get(row.commune)!;
}

/** The rows that were there, where they were, as they are now; nothing enters, only what is gone leaves. */
export function keep(order: readonly string[], find: (id: string) => Row | undefined): Row[] {
  return order.flatMap((id) => find(id) ?? []);
}

export const sameOrder = (a: readonly Row[], b: readonly Row[]): boolean =>
  a.length === b.length && a.every((row, place) => row.id === b[place]!.id);
