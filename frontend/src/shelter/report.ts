/** What a person is about to say of a unit, and the report it becomes. Pure. */

import type { ExactUnit, OutOfService, OutReason, ReportBody, ReportLine } from "../api/types";
import { intakeOpen } from "../live/available";

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
  /** They said the number themselves, or said that it is right. */
  counted: boolean;
  overBy: number;
  /** Null where they did not touch it. */
  out: OutOfService[] | null;
  intake: Pause | null;
}

/** Nobody has said a number yet: there is none to begin from, and none to confirm. */
export const hasNumber = (unit: ExactUnit): boolean => unit.status === "open" || unit.status === "unconfirmed";

export function begin(unit: ExactUnit): Draft {
  const free = hasNumber(unit) ? unit.free : null;
  return { base: unit, free, counted: false, overBy: unit.over_by, out: null, intake: null };
}

export const statesFacts = (draft: Draft): boolean => draft.out !== null || draft.intake !== null;

export const sameNumber = (draft: Draft): boolean =>
  draft.free === begin(draft.base).free && draft.overBy === draft.base.over_by;

export const isTouched = (draft: Draft): boolean => !sameNumber(draft) || statesFacts(draft);

/** "Nothing changed" is a count. A pause is none: whoever pauses the intake has not counted (I8). */
export const isCount = (draft: Draft): boolean => draft.counted || !statesFacts(draft);

export const isSendable = (draft: Draft): boolean =>
  !isCount(draft) || (draft.free !== null && draft.free <= PLACES_MAX);

/** Whether the count moved under the person's hands. Holds and freshness are not part of what they were told. */
export function moved(base: ExactUnit, now: ExactUnit): boolean {
  const shown = (unit: ExactUnit) =>
    JSON.stringify([unit.status, unit.free, unit.over_by, unit.capacity, unit.out_of_service]);
  return base.seq !== now.seq && shown(base) !== shown(now);
}

/** Somebody can only be over capacity where none is free. */
export function withFree(draft: Draft, free: number | null): Draft {
  return { ...draft, free, counted: true, overBy: free === 0 ? draft.overBy : 0 };
}

/** What is as it was is not said. */
export function withIntake(draft: Draft, intake: Pause, nowMs: number): Draft {
  return { ...draft, intake: !intake.paused && intakeOpen(draft.base, nowMs) ? null : intake };
}

export function outByReason(parts: readonly OutOfService[], reason: OutReason): number {
  return parts.filter((part) => part.reason === reason).reduce((sum, part) => sum + part.places, 0);
}

export const partsOf = (draft: Draft): OutOfService[] => draft.out ?? draft.base.out_of_service;

function withParts(draft: Draft, parts: OutOfService[]): Draft {
  return { ...draft, out: JSON.stringify(parts) === JSON.stringify(draft.base.out_of_service) ? null : parts };
}

/** One part per reason, where it stood; the end that was known for it is kept. */
export function withOut(draft: Draft, reason: OutReason, places: number): Draft {
  const parts = partsOf(draft);
  const first = parts.find((part) => part.reason === reason);
  const next = places > 0 ? [{ reason, places, until: first?.until ?? null }] : [];
  const others = parts.flatMap((part) => (part === first ? next : part.reason === reason ? [] : [part]));
  return withParts(draft, first ? others : [...others, ...next]);
}

export function withEnd(draft: Draft, reason: OutReason, until: string | null): Draft {
  return withParts(
    draft,
    partsOf(draft).map((part) => (part.reason === reason ? { ...part, until } : part)),
  );
}

/** Back in service, and so free: shown before it is sent, for whoever knows better. */
export function withBack(draft: Draft, back: OutOfService): Draft {
  const rest = withParts(
    draft,
    partsOf(draft).filter((part) => part !== back),
  );
  if (draft.free === null) return rest;
  const free = draft.free - draft.overBy + back.places;
  return { ...rest, free: Math.max(0, free), overBy: Math.max(0, -free), counted: true };
}

export function lineOf(draft: Draft): ReportLine {
  const line: ReportLine = { unit: draft.base.id };
  if (isCount(draft)) {
    line.free = draft.free ?? 0;
    if (draft.overBy > 0) line.over_by = draft.overBy;
  }
  // A pause is meant whatever the number has become; a number, and the whole list, only of what was seen.
  if (isCount(draft) || draft.out !== null) line.base_seq = draft.base.seq;
  if (draft.out !== null) line.out_of_service = draft.out;
  if (draft.intake !== null) line.intake = intakeOf(draft.intake);
  return line;
}

/** The number before, said again: based on the unit as it is now. */
export function lineBack(before: ExactUnit, now: ExactUnit): ReportLine {
  const line: ReportLine = { unit: now.id, free: before.free, base_seq: now.seq };
  if (before.over_by > 0) line.over_by = before.over_by;
  if (JSON.stringify(before.out_of_service) !== JSON.stringify(now.out_of_service)) {
    line.out_of_service = before.out_of_service;
  }
  return line;
}

function intakeOf(pause: Pause): NonNullable<ReportLine["intake"]> {
  if (!pause.paused) return { state: "open" };
  return pause.until === null ? { state: "paused" } : { state: "paused", until: pause.until };
}

/** `observedMs` is by this device's clock, as `sent_at` is: the server reads their difference. */
export function reportOf(
  lines: ReportLine[],
  units: ExactUnit[],
  observedMs: number,
): Omit<ReportBody, "sent_at"> {
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
