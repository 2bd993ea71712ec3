/** What a phone has to say to the server, as it is kept until the server has answered (I1, I10). Pure. */

import type { DeclineReason } from "../api/orientation";
import type { ExactUnit, MovementBody, Outcome, ReportBody, ReportLine } from "../api/types";

export type Work =
  | { kind: "report"; body: Omit<ReportBody, "sent_at"> }
  | { kind: "movement"; body: Omit<MovementBody, "sent_at"> }
  /** `gives`: by how many more are free once it never was. */
  | { kind: "void"; unit: string; movement: string; gives: number }
  /** An answer to somebody announced: ids and coded reasons, and nothing of who comes (I9). */
  | { kind: "act"; unit: string; placement: string; act: Act; places: number; reason?: DeclineReason | undefined; free?: number | undefined };

/** An arrival is a movement, which names its placement. */
export type Act = "accept" | "decline" | "no-show";

/** Carries no account: whoever signs in next sends it. */
export interface Entry {
  id: string;
  /** Its place in the order of this device, and when it was said by its clock. */
  at: number;
  work: Work;
  /** Set before it is first sent: from then on nobody knows that it has not arrived. */
  left: boolean;
  /** What the phone took each unit to be after it: places free, less those over. */
  rest: Record<string, number>;
}

/** What became of it, until somebody has seen it; a movement for as long as it can be voided by hand. */
export interface Told {
  id: string;
  at: number;
  work: Work;
  answeredAt: number;
  /** The outcome of each unit; `moved` and `refused` are of the whole. */
  outcome: Record<string, Outcome> | "moved" | "refused" | "recorded";
  units: ExactUnit[];
  /** The server's words of a refusal. */
  why: string;
  seen: boolean;
  voided: boolean;
}

export const unitsOf = (work: Work): string[] =>
  work.kind === "report"
    ? work.body.units.map((line) => line.unit)
    : [work.kind === "movement" ? work.body.unit : work.unit];

export const lineIn = (work: Work, unit: string): ReportLine | undefined =>
  work.kind === "report" ? work.body.units.find((line) => line.unit === unit) : undefined;

export const inOrder = <T extends { at: number; id: string }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));

export const restOf = (unit: ExactUnit): number => unit.free - unit.over_by;

const balance = (rest: number) => ({ free: Math.max(0, rest), over_by: Math.max(0, -rest) });

/** The unit as it is once everything that waits has arrived. It keeps its `seq`: that is what the server last said. */
export function asSaid(unit: ExactUnit, entries: readonly Entry[]): ExactUnit {
  return inOrder(entries).reduce((now, { id, work }) => after(now, id, work), unit);
}

export function after(unit: ExactUnit, id: string, work: Work): ExactUnit {
  if (work.kind === "movement" && work.body.unit === unit.id) {
    const { direction, places, counted_in, placement } = work.body;
    const held = placement === undefined ? unit.held : Math.max(0, unit.held - places);
    if (counted_in !== undefined && counted_in === unit.count_report) return { ...unit, held };
    return { ...unit, held, ...balance(restOf(unit) + (direction === "in" ? -places : places)) };
  }
  if (work.kind === "void" && work.unit === unit.id) return { ...unit, ...balance(restOf(unit) + work.gives) };
  if (work.kind === "act" && work.unit === unit.id && work.act !== "accept") {
    const free = work.free === undefined ? {} : balance(work.free);
    return { ...unit, held: Math.max(0, unit.held - work.places), ...free };
  }
  const line = lineIn(work, unit.id);
  if (line === undefined || work.kind !== "report") return unit;
  // Of a night that has ended it says nothing about one that nobody has counted yet.
  const { night } = work.body;
  const counted =
    line.free !== undefined && (night === unit.night || (night < unit.night && unit.status !== "unconfirmed"));
  return {
    ...unit,
    ...(counted
      ? { free: line.free!, over_by: line.over_by ?? 0, count_report: id, confirmed_at: work.body.observed_at, status: "open" as const }
      : {}),
    ...(line.out_of_service ? { out_of_service: line.out_of_service } : {}),
    ...(line.intake ? { intake: line.intake.state, intake_until: line.intake.until ?? null } : {}),
  };
}

/**
 * Whether a report that surely never left need not be sent at all: a later one says of the same night all that it
 * said, and nobody came or went between them.
 */
export function isCovered(entry: Entry, later: readonly Entry[]): boolean {
  if (entry.left || entry.work.kind !== "report") return false;
  const { night, units } = entry.work.body;
  return units.every((line) => {
    const next = later.find(({ work }) => unitsOf(work).includes(line.unit));
    const said = next && next.work.kind === "report" && next.work.body.night === night && lineIn(next.work, line.unit);
    if (!said) return false;
    return (["free", "out_of_service", "intake"] as const).every((fact) => line[fact] === undefined || said[fact] !== undefined);
  });
}

/**
 * Whoever said the later number knew of the earlier word from this phone. Where the server answers with what they took
 * it to be, their number is based on that answer; else it stays based on what they saw, and the server refuses it.
 */
export function rebased(entry: Entry, answered: Entry, states: readonly ExactUnit[]): Entry | null {
  if (entry.left || entry.work.kind !== "report") return null;
  let changed = false;
  const units = entry.work.body.units.map((line) => {
    const state = states.find(({ id }) => id === line.unit);
    if (line.base_seq === undefined || state === undefined || restOf(state) !== answered.rest[line.unit]) return line;
    changed = true;
    return { ...line, base_seq: state.seq };
  });
  return changed ? { ...entry, work: { ...entry.work, body: { ...entry.work.body, units } } } : null;
}
