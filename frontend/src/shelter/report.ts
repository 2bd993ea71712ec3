/** What a person is about to say of a unit, and the report it becomes. Pure. */

import type { ExactUnit, OutOfService, OutReason, ReportBody, ReportLine } from "../api/types";

export const PLACES_MAX = 10_000;
export const REASONS: readonly OutReason[] = ["cleaning", "repair", "staff", "quarantine", "kept-for-partner", "other"];

export interface Pause {
  paused: boolean;
  until: string | null;
}

export interface Draft {
  /** The state that the person saw when they began. */
  base: ExactUnit;
  /** Null while the field is empty. */
  free: number | null;
  overBy: number;
  /** Null where they did not touch it. */
  out: OutOfService[] | null;
  intake: Pause | null;
}

/** Nobody has said a number yet: there is none to begin from, and none to confirm. */
export const hasNumber = (unit: ExactUnit): boolean => unit.status === "open" || unit.status === "unconfirmed";

export function begin(unit: ExactUnit): Draft {
  return { base: unit, free: hasNumber(unit) ? unit.free : null, overBy: unit.over_by, out: null, intake: null };
}

export function isTouched(draft: Draft): boolean {
  const fresh = begin(draft.base);
  return draft.free !== fresh.free || draft.overBy !== fresh.overBy || draft.out !== null || draft.intake !== null;
}

export const isSendable = (draft: Draft): boolean => draft.free !== null && draft.free <= PLACES_MAX;

/** Whether the count moved under the person's hands. Holds and freshness are not part of what they were told. */
export function moved(base: ExactUnit, now: ExactUnit): boolean {
  const shown = (unit: ExactUnit) =>
    JSON.stringify([unit.status, unit.free, unit.over_by, unit.capacity, unit.out_of_service]);
  return base.seq !== now.seq && shown(base) !== shown(now);
}

/** Somebody can only be over capacity where none is free. */
export function withFree(draft: Draft, free: number | null): Draft {
  return { ...draft, free, overBy: free === 0 ? draft.overBy : 0 };
}

export function outByReason(parts: readonly OutOfService[], reason: OutReason): number {
  return parts.filter((part) => part.reason === reason).reduce((sum, part) => sum + part.places, 0);
}

/** One part per reason; the end that was known for it is kept. */
export function withOut(draft: Draft, reason: OutReason, places: number): Draft {
  const parts = draft.out ?? draft.base.out_of_service;
  const until = parts.find((part) => part.reason === reason)?.until ?? null;
  const others = parts.filter((part) => part.reason !== reason);
  return { ...draft, out: places > 0 ? [...others, { reason, places, until }] : others };
}

export function lineOf(draft: Draft): ReportLine {
  const line: ReportLine = { unit: draft.base.id, free: draft.free ?? 0, base_seq: draft.base.seq };
  if (draft.overBy > 0) line.over_by = draft.overBy;
  if (draft.out !== null) line.out_of_service = draft.out;
  if (draft.intake !== null) line.intake = intakeOf(draft.intake);
  return line;
}

function intakeOf(pause: Pause): NonNullable<ReportLine["intake"]> {
  if (!pause.paused) return { state: "open" };
  return pause.until === null ? { state: "paused" } : { state: "paused", until: pause.until };
}

/** `observedMs` is by this device's clock, as `sent_at` is: the server reads their difference. */
export function reportOf(lines: ReportLine[], units: ExactUnit[], observedMs: number): Omit<ReportBody, "sent_at"> {
  const first = units[0]!;
  return {
    shelter: first.shelter,
    observed_at: new Date(observedMs).toISOString(),
    night: units.reduce((latest, unit) => (unit.night > latest ? unit.night : latest), first.night),
    units: lines,
  };
}

/** The next time that the clock on the wall shows `hhmm`. */
export function nextTime(hhmm: string, nowMs: number): string | null {
  const match = /^(\d{1,2}):(\d{2})$/.exec(hhmm);
  if (match === null) return null;
  const then = new Date(nowMs);
  then.setHours(Number(match[1]), Number(match[2]), 0, 0);
  if (then.getTime() <= nowMs) then.setDate(then.getDate() + 1);
  return then.toISOString();
}
