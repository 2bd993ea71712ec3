/**
 * How far a count may be believed, from the instants in its state and the server's time (I7, I8).
 *
 * Time passes without any event: the same state is fresh now and stale later.
 */

import type { Freshness, Status } from "../api/types";

/** Of a unit, or of what is suggested: a suggestion is confirmed for the night that it is for. */
type Counted = Freshness & { status?: Status };

export type Level = "fresh" | "ageing" | "stale" | "silent" | "unconfirmed" | "never";

export interface Age {
  level: Level;
  /** Since the count was true; null where nobody ever confirmed one. */
  seconds: number | null;
}

export function ageOf(unit: Counted, nowMs: number): Age {
  if (unit.confirmed_at === null) return { level: "never", seconds: null };
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(unit.confirmed_at)) / 1000));
  return { level: levelOf(unit, nowMs), seconds };
}

function levelOf(unit: Counted, nowMs: number): Level {
  if (unit.status === "unconfirmed") return "unconfirmed";
  if (isPast(unit.silent_at, nowMs)) return "silent";
  if (isPast(unit.stale_at, nowMs)) return "stale";
  return isPast(unit.aging_at, nowMs) ? "ageing" : "fresh";
}

const isPast = (instant: string | null, nowMs: number): boolean => instant !== null && Date.parse(instant) <= nowMs;

/** Split for words: the largest unit that says enough, hours with their minutes. */
export type Span =
  | { unit: "now" }
  | { unit: "minutes"; minutes: number }
  | { unit: "hours"; hours: number; minutes: number }
  | { unit: "days"; days: number };

export function spanOf(seconds: number): Span {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return { unit: "now" };
  if (minutes < 60) return { unit: "minutes", minutes };
  const hours = Math.floor(minutes / 60);
  // Past a working day nobody needs the minutes.
  if (hours < 24) return { unit: "hours", hours, minutes: hours < 8 ? minutes % 60 : 0 };
  return { unit: "days", days: Math.floor(hours / 24) };
}
