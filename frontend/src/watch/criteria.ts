/** Which rows are shown. Pure; the criteria live in the address, so that a view can be reloaded and passed on. */

import type { Regime } from "../api/types";
import { atLeast, available, intakeOpen, overdue } from "../live/available";
import { ageOf } from "../live/freshness";
import { admits, plain, regimeOf, type Row } from "./rows";

export const AVAILABILITIES = ["", "now", "nothing", "attention"] as const;
export const FRESHNESSES = ["", "fresh", "notFresh", "old", "unconfirmed"] as const;
/** Whom one looks for. Nobody looks for everyone: what is for everyone is found under each. */
export const GROUPS = ["men", "women", "families", "minors"] as const;
export type Group = (typeof GROUPS)[number];

export interface Criteria {
  regime: Regime;
  text: string;
  audience: Group | "";
  commune: string;
  availability: (typeof AVAILABILITIES)[number];
  freshness: (typeof FRESHNESSES)[number];
}

export const NONE: Criteria = { regime: "night", text: "", audience: "", commune: "", availability: "", freshness: "" };

export const isFiltered = (criteria: Criteria): boolean =>
  (Object.keys(NONE) as (keyof Criteria)[]).some((key) => key !== "regime" && criteria[key] !== NONE[key]);

export function select(rows: Iterable<Row>, criteria: Criteria, nowMs: number): Row[] {
  const words = plain(criteria.text).split(/\s+/).filter(Boolean);
  return [...rows].filter((row) => regimeOf(row) === criteria.regime && matches(row, criteria, words, nowMs));
}

function matches(row: Row, criteria: Criteria, words: string[], nowMs: number): boolean {
  return (
    words.every((word) => row.haystack.includes(word)) &&
    (criteria.audience === "" || admits(row, criteria.audience)) &&
    (criteria.commune === "" || row.communeCode === criteria.commune) &&
    isAvailable(row, criteria.availability, nowMs) &&
    isOfAge(row, criteria.freshness, nowMs)
  );
}

function isAvailable(row: Row, wanted: Criteria["availability"], nowMs: number): boolean {
  switch (wanted) {
    case "now":
      return atLeast(row.unit) > 0 && intakeOpen(row.unit, nowMs);
    case "nothing":
      return atLeast(row.unit) === 0;
    case "attention":
      return needsAttention(row, nowMs);
    default:
      return true;
  }
}

function needsAttention(row: Row, nowMs: number): boolean {
  if (row.unit.masked) return false;
  return row.unit.flags.length > 0 || row.unit.status === "awaiting-report" || overdue(row.unit, nowMs).length > 0;
}

function isOfAge(row: Row, wanted: Criteria["freshness"], nowMs: number): boolean {
  if (wanted === "") return true;
  const { level } = ageOf(row.unit, nowMs);
  if (wanted === "fresh") return level === "fresh";
  if (wanted === "unconfirmed") return level === "unconfirmed" || level === "never";
  const old = level === "stale" || level === "silent";
  return wanted === "old" ? old : old || level === "ageing";
}

/** How many rows the same criteria would find under the other regime. */
export function countElsewhere(rows: Iterable<Row>, criteria: Criteria, nowMs: number): number {
  const regime: Regime = criteria.regime === "night" ? "admission" : "night";
  return select(rows, { ...criteria, regime }, nowMs).length;
}

export interface Totals {
  units: number;
  count: number;
  /** False where a band is among them: then it is the least there can be. */
  exact: boolean;
}

export type GroupTotals = Record<"place" | "room", Totals>;

/** Places and rooms apart, always. */
export function totalsOf(rows: Iterable<Row>, audience: Group, regime: Regime): GroupTotals {
  const totals: GroupTotals = {
    place: { units: 0, count: 0, exact: true },
    room: { units: 0, count: 0, exact: true },
  };
  for (const row of rows) {
    if (row.facts === null || regimeOf(row) !== regime || !admits(row, audience)) continue;
    const sum = totals[row.facts.allotment];
    const found = available(row.unit);
    sum.units += 1;
    sum.count += atLeast(row.unit);
    if (found.kind === "band" && found.band !== "0") sum.exact = false;
  }
  return totals;
}

export function fromQuery(query: string): Criteria {
  const given = new URLSearchParams(query);
  const oneOf = <T extends string>(key: string, known: readonly T[], otherwise: T): T =>
    known.find((value) => value === given.get(key)) ?? otherwise;
  return {
    regime: oneOf("regime", ["night", "admission"] as const, "night"),
    text: given.get("text") ?? "",
    audience: oneOf("audience", ["", ...GROUPS] as const, ""),
    commune: given.get("commune") ?? "",
    availability: oneOf("availability", AVAILABILITIES, ""),
    freshness: oneOf("freshness", FRESHNESSES, ""),
  };
}

export function toQuery(criteria: Criteria): string {
  const query = new URLSearchParams();
  for (const key of Object.keys(NONE) as (keyof Criteria)[])
    if (criteria[key] !== NONE[key]) query.set(key, criteria[key]);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
