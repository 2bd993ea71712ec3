/**
 * What stands on the map: a point per shelter and a label per commune, from the rows of the table and nothing else. Pure.
 *
 * A secret shelter never becomes a point; it counts in its commune's label (I11). Places and rooms are never added up.
 */

import type { Commune, Position } from "../api/types";
import type { Row } from "../watch/rows";
import type { CommuneSums, Sum, Sums } from "../watch/totals";

/**
 * `some`: available, and the count can be relied on. `doubtful`: available by a count that is old. `none`: nothing
 * available. `unknown`: nobody has said, or it was too long ago.
 */
export const STATES = ["some", "doubtful", "none", "unknown"] as const;
export type State = (typeof STATES)[number];

export interface ShelterPoint {
  readonly id: string;
  readonly name: string;
  readonly at: Position;
  readonly state: State;
  readonly label: string;
}

export interface CommuneLabel {
  readonly code: string;
  readonly at: Position;
  readonly label: string;
}

/** How places and rooms are written side by side where there is little space. */
export type Short = (places: number, rooms: number) => string;

export function shelterPoints(rows: readonly Row[], nowMs: number, short: Short): ShelterPoint[] {
  const units = new Map<string, Row[]>();
  for (const row of rows) {
    const { shelter } = row;
    if (shelter === null || shelter.secret || row.unit.masked || shelter.location === null) continue;
    const known = units.get(shelter.id);
    if (known === undefined) units.set(shelter.id, [row]);
    else known.push(row);
  }
  return [...units.values()].map((own) => pointOf(own, nowMs, short));
}

function pointOf(rows: readonly Row[], nowMs: number, short: Short): ShelterPoint {
  const { shelter } = rows[0]!;
  const relied = rows.filter((row) => row.oldFromMs > nowMs);
  const state = stateOf(rows, relied);
  const label = state === "some" ? countOf(relied, short) : state === "doubtful" ? `${countOf(rows, short)}?` : state === "unknown" ? "?" : "";
  return { id: shelter!.id, name: shelter!.name, at: shelter!.location!, state, label };
}

function stateOf(rows: readonly Row[], relied: readonly Row[]): State {
  if (relied.some((row) => row.available > 0)) return "some";
  if (rows.some((row) => row.available > 0)) return "doubtful";
  const said = relied.some((row) => row.unit.status === "open" || row.unit.status === "closed");
  return said ? "none" : "unknown";
}

function countOf(rows: readonly Row[], short: Short): string {
  const count = (of: Row["allotment"]) =>
    rows.reduce((sum, row) => (row.allotment === of ? sum + row.available : sum), 0);
  return short(count("place"), count("room"));
}

export function communeLabels(
  communes: readonly Commune[],
  nameOf: (code: string) => string,
  sums: ReadonlyMap<string, CommuneSums>,
  short: Short,
): CommuneLabel[] {
  return communes.map(({ code, point }) => {
    const found = sums.get(code);
    const counts = found === undefined ? "" : available(found, short);
    return { code, at: point, label: counts === "" ? nameOf(code) : `${nameOf(code)}\n${counts}` };
  });
}

/** A plus where a band is among them: it is the least there can be. */
function available(sums: Sums, short: Short): string {
  const { place, room } = sums;
  if (place.count + room.count === 0) return "";
  const least = (sum: Sum) => sum.count > 0 && !sum.exact;
  return short(place.count, room.count) + (least(place) || least(room) ? "+" : "");
}

export const countStates = (points: readonly ShelterPoint[]): Record<State, number> => {
  const counts: Record<State, number> = { some: 0, doubtful: 0, none: 0, unknown: 0 };
  for (const point of points) counts[point.state] += 1;
  return counts;
};

/** What the map is fitted to: the outline, else whatever has a place. Null where nothing has. */
export function boundsOf(outline: Position[][][], others: readonly Position[]): [Position, Position] | null {
  const all = outline.length > 0 ? outline.flat(2) : others;
  if (all.length === 0) return null;
  const low: Position = [...all[0]!];
  const high: Position = [...all[0]!];
  for (const [longitude, latitude] of all) {
    low[0] = Math.min(low[0], longitude);
    low[1] = Math.min(low[1], latitude);
    high[0] = Math.max(high[0], longitude);
    high[1] = Math.max(high[1], latitude);
  }
  return [low, high];
}
