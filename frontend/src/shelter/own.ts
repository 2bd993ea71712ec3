/** The units that this account speaks for, by shelter, in the order of their names, closed ones last. Pure. */

import type { ExactUnit, Shelter, UnitFacts } from "../api/types";
import { compareNames } from "../i18n/format";
import type { Language } from "../i18n/languages";
import { outOfService } from "../live/available";
import type { Board } from "../live/fold";
import { ageOf } from "../live/freshness";
import { hasNumber } from "./report";

const HOUR_MS = 3_600_000;

export interface OwnUnit {
  unit: ExactUnit;
  facts: UnitFacts;
}

export interface Site {
  shelter: Shelter;
  units: OwnUnit[];
}

/** `cutOffAtMs`: since when the server could not be heard; null where it can. */
export function ownUnits(board: Board, language: Language, cutOffAtMs: number | null = null): Site[] {
  const compare = compareNames(language);
  const sites = [...board.shelters.values()].map((shelter) => ({ shelter, units: unitsOf(board, shelter, cutOffAtMs) }));
  const closed = ({ unit }: OwnUnit) => Number(unit.status === "closed");
  for (const site of sites) site.units.sort((a, b) => closed(a) - closed(b) || compare(a.facts.name, b.facts.name));
  return sites.filter((site) => site.units.length > 0).sort((a, b) => compare(a.shelter.name, b.shelter.name));
}

/**
 * The night of an instant by this device's clock on the wall, which is the region's: it begins at 12:00 and is named by
 * the day on which it does.
 */
export function nightOf(nowMs: number): string {
  const day = new Date(nowMs);
  if (day.getHours() < 12) day.setDate(day.getDate() - 1);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
}

/** From when on somebody who counts may mean the night to come. */
const MORNING_H = 5;

/** Whether the night of these states is about to end: what is counted now may be meant for the next. */
export function isMorning(unit: ExactUnit, nowMs: number): boolean {
  const hour = new Date(nowMs).getHours();
  return unit.night === nightOf(nowMs) && hour >= MORNING_H && hour < 12;
}

/** What it should have when nobody has counted. */
const expectedIn = (unit: ExactUnit): number => Math.max(0, unit.capacity - outOfService(unit));

/** The unit in the night to come: what has been counted for it, or what it should have. */
export function inComingNight(unit: ExactUnit, night: string): ExactUnit {
  const { coming } = unit;
  const next = { ...unit, night, coming: null, count_report: null, held: 0 };
  if (coming?.night === night) {
    return { ...next, status: "open", free: coming.free, over_by: coming.over_by, confirmed_at: coming.at };
  }
  return { ...next, status: "unconfirmed", free: expectedIn(unit), over_by: 0 };
}

export function nightAfter(night: string): string {
  return new Date(Date.parse(`${night}T12:00:00Z`) + 24 * HOUR_MS).toISOString().slice(0, 10);
}

/** What the server would say by now: noon has passed while nobody could hear it. */
export function turned(unit: ExactUnit, facts: UnitFacts, nowMs: number): ExactUnit {
  const night = nightOf(nowMs);
  if (night <= unit.night || !hasNumber(unit)) return unit;
  if (unit.coming === null && facts.turnover === "continuing") return { ...unit, night };
  return inComingNight(unit, night);
}

function unitsOf(board: Board, shelter: Shelter, cutOffAtMs: number | null): OwnUnit[] {
  return shelter.units.flatMap((facts) => {
    const unit = board.units.get(facts.id);
    if (unit === undefined || unit.masked) return [];
    return [{ unit: cutOffAtMs === null ? unit : turned(unit, facts, cutOffAtMs), facts }];
  });
}

/** Whose number is no longer fresh, or has not been said for this night. */
export function askingIn(sites: readonly Site[], nowMs: number): OwnUnit[] {
  return sites.flatMap(({ units }) => units.filter(({ unit }) => hasNumber(unit) && ageOf(unit, nowMs).level !== "fresh"));
}

const find = (sites: readonly Site[], id: string): OwnUnit | undefined =>
  sites.flatMap(({ units }) => units).find(({ unit }) => unit.id === id);

/** After a count so young nobody can be sure that it does not include who just came. */
const RECENT_S = 30 * 60;

/** For how many seconds the count of a unit stands, where that is so short; else null. */
export function recentCount(unit: ExactUnit, nowMs: number): number | null {
  const { seconds } = ageOf(unit, nowMs);
  return unit.status === "open" && unit.count_report !== null && seconds !== null && seconds < RECENT_S ? seconds : null;
}

export const unitOf = (sites: readonly Site[], id: string): ExactUnit | undefined => find(sites, id)?.unit;

export const unitNamed = (sites: readonly Site[], id: string): string => find(sites, id)?.facts.name ?? "";
