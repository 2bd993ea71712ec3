/**
 * What is available, by audience and by commune. Pure.
 *
 * Added up anew each time from what the rows say, never carried on: sums that are carried on drift. Places and rooms are
 * never added together, and a band counts as the least it can be.
 */

import type { Allotment, Regime } from "../api/types";
import { GROUPS, type Group, type Row } from "./rows";

export interface Sum {
  units: number;
  count: number;
  /** False where a band is among them: then it is the least there can be. */
  exact: boolean;
}

export type Sums = Record<Allotment, Sum>;

export interface CommuneSums extends Sums {
  code: string;
  name: string;
  units: number;
  /** How many of them are stale or silent. */
  old: number;
}

const nothing = (): Sums => ({
  place: { units: 0, count: 0, exact: true },
  room: { units: 0, count: 0, exact: true },
});

function add(sums: Sums, row: Row): void {
  const sum = sums[row.allotment];
  sum.units += 1;
  sum.count += row.available;
  if (row.unit.masked && row.available > 0) sum.exact = false;
}

/** By audience, of one regime, and how many units it has. A unit for several groups counts in each. */
export function sumByAudience(rows: readonly Row[], regime: Regime): { units: number; groups: Record<Group, Sums> } {
  const groups = Object.fromEntries(GROUPS.map((group) => [group, nothing()])) as Record<Group, Sums>;
  let units = 0;
  for (const row of rows) {
    if (row.regime !== regime) continue;
    units += 1;
    if (row.facts !== null) for (const group of row.groups) add(groups[group], row);
  }
  return { units, groups };
}

/** By commune, those that have a unit among these rows, by code. */
export function sumByCommune(rows: readonly Row[], nowMs: number): Map<string, CommuneSums> {
  const communes = new Map<string, CommuneSums>();
  for (const row of rows) {
    const code = row.communeCode;
    let sums = communes.get(code);
    if (sums === undefined) communes.set(code, (sums = { ...nothing(), code, name: row.commune, units: 0, old: 0 }));
    add(sums, row);
    sums.units += 1;
    if (row.oldFromMs <= nowMs) sums.old += 1;
  }
  return communes;
}
