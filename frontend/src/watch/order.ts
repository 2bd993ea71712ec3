/** In which order rows stand, and that they keep it while somebody reads. Pure. */

import { atLeast } from "../live/available";
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

/** Never ties: names, then ids decide, so equal counts do not swap places. */
export function arrange(rows: readonly Row[], sort: Sort, compareNames: (a: string, b: string) => number): Row[] {
  const sign = sort.descending ? -1 : 1;
  const byName = (a: Row, b: Row) =>
    compareNames(a.shelterName, b.shelterName) ||
    compare(a.unit.shelter, b.unit.shelter) ||
    compareNames(a.unitName, b.unitName) ||
    compare(a.id, b.id);
  const first = KEYS[sort.key](compareNames);
  if (sort.key === "shelter") return [...rows].sort((a, b) => sign * byName(a, b));
  return [...rows].sort((a, b) => sign * first(a, b) || byName(a, b));
}

type Comparison = (a: Row, b: Row) => number;

const KEYS: Record<SortKey, (names: (a: string, b: string) => number) => Comparison> = {
  shelter: () => () => 0,
  commune: (names) => (a, b) => names(a.commune, b.commune),
  available: () => (a, b) => atLeast(a.unit) - atLeast(b.unit),
  confirmed: () => (a, b) => compare(a.unit.confirmed_at ?? "", b.unit.confirmed_at ?? ""),
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The rows that were there, where they were, as they are now; nothing enters, only what is gone leaves. */
export function keep(order: readonly string[], rows: ReadonlyMap<string, Row>): Row[] {
  return order.flatMap((id) => rows.get(id) ?? []);
}

export const sameOrder = (a: readonly Row[], b: readonly Row[]): boolean =>
  a.length === b.length && a.every((row, place) => row.id === b[place]!.id);
