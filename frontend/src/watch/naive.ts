/**
 * The board rebuilt from nothing by the plainest code there is: what the tests compare with, and what the benchmark
 * stands beside. No screen uses it.
 */

import { compareNames } from "../i18n/format";
import type { Language } from "../i18n/languages";
import type { Board } from "../live/fold";
import type { Communes } from "../region/communes";
import { select, selectPlace, type Criteria } from "./criteria";
import type { Sort } from "./order";
import { Rows, type Row } from "./rows";

export function naiveRows(board: Board, language: Language, communes: Communes): Row[] {
  const compare = compareNames(language);
  return [...board.units.values()]
    .map((unit) => {
      // Each row by itself, as if it were the only one.
      const alone = { units: new Map([[unit.id, unit]]), shelters: new Map([...shelterOf(board, unit.shelter)]) };
      return new Rows().follow(alone, language, communes)[0]!;
    })
    .sort((a, b) => byName(compare, a, b));
}

export function naiveView(board: Board, criteria: Criteria, sort: Sort, language: Language, communes: Communes, nowMs: number): Row[] {
  const rows = selectPlace(select(naiveRows(board, language, communes), criteria, nowMs), criteria);
  return collated(rows, sort, compareNames(language));
}

/** As it was done before: every name compared by the language's rules whenever anything changes. */
export function collated(rows: readonly Row[], sort: Sort, compare: (a: string, b: string) => number): Row[] {
  const sign = sort.descending ? -1 : 1;
  const first = (a: Row, b: Row): number => {
    if (sort.key === "commune") return compare(a.commune, b.commune);
    if (sort.key === "available") return a.available - b.available;
    return sort.key === "confirmed" ? a.confirmedMs - b.confirmedMs : 0;
  };
  if (sort.key === "shelter") return [...rows].sort((a, b) => sign * byName(compare, a, b));
  return [...rows].sort((a, b) => sign * first(a, b) || byName(compare, a, b));
}

const shelterOf = (board: Board, id: string) => [...board.shelters].filter(([key]) => key === id);

function byName(compare: (a: string, b: string) => number, a: Row, b: Row): number {
  return (
    compare(a.shelterName, b.shelterName) ||
    byText(a.unit.shelter, b.unit.shelter) ||
    compare(a.unitName, b.unitName) ||
    byText(a.id, b.id)
  );
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
