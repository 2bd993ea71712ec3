/** Which rows are shown. Pure; the criteria live in the address, so that a view can be reloaded and passed on. */

import type { Regime } from "../api/types";
import { intakeOpen, overdue } from "../live/available";
import { ageOf } from "../live/freshness";
import { GROUPS, plain, type Group, type Row } from "./rows";

export const AVAILABILITIES = ["", "now", "nothing", "attention"] as const;
export const FRESHNESSES = ["", "fresh", "notFresh", "old", "unconfirmed"] as const;

export interface Criteria {
  regime: Regime;
  text: string;
  audience: Group | "";
  commune: string;
  /** One shelter, by its id: chosen on the map. */
  shelter: string;
  availability: (typeof AVAILABILITIES)[number];
  freshness: (typeof FRESHNESSES)[number];
}

export const NONE: Criteria = { regime: "night", text: "", audience: "", commune: "", shelter: "", availability: "", freshness: "" };

export const isFiltered = (criteria: Criteria): boolean =>
  (Object.keys(NONE) as (keyof Criteria)[]).some((key) => key !== "regime" && criteria[key] !== NONE[key]);

/** What the communes and the map are told of: a place chosen in them narrows the table, and not themselves. */
export function select(rows: readonly Row[], criteria: Criteria, nowMs: number): readonly Row[] {
  const words = plain(criteria.text).split(/\s+/).filter(Boolean);
  return rows.filter((row) => row.regime === criteria.regime && matches(row, criteria, words, nowMs));
}

/** And what the table shows of them. */
export function selectPlace(rows: readonly Row[], { commune, shelter }: Criteria): readonly Row[] {
  if (commune === "" && shelter === "") return rows;
  return rows.filter(
    (row) => (commune === "" || row.communeCode === commune) && (shelter === "" || row.unit.shelter === shelter),
  );
}

function matches(row: Row, criteria: Criteria, words: string[], nowMs: number): boolean {
  return (
    words.every((word) => row.haystack.includes(word)) &&
    (criteria.audience === "" || row.groups.includes(criteria.audience)) &&
    isAvailable(row, criteria.availability, nowMs) &&
    isOfAge(row, criteria.freshness, nowMs)
  );
}

function isAvailable(row: Row, wanted: Criteria["availability"], nowMs: number): boolean {
  switch (wanted) {
    case "now":
      return row.available > 0 && intakeOpen(row.unit, nowMs);
    case "nothing":
      return row.available === 0;
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
export function countElsewhere(rows: readonly Row[], criteria: Criteria, nowMs: number): number {
  const regime: Regime = criteria.regime === "night" ? "admission" : "night";
  return selectPlace(select(rows, { ...criteria, regime }, nowMs), criteria).length;
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
    shelter: given.get("shelter") ?? "",
    availability: oneOf("availability", AVAILABILITIES, ""),
    freshness: oneOf("freshness", FRESHNESSES, ""),
  };
}

export function toQuery(criteria: Criteria): [string, string][] {
  return (Object.keys(NONE) as (keyof Criteria)[])
    .filter((key) => criteria[key] !== NONE[key])
    .map((key) => [key, criteria[key]]);
}
