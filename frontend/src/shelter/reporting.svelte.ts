/** Reporting and moving, and being honest about what became of it: what is said goes through the outbox. */

import type { ExactUnit, MovementBody, Outcome, ReportLine } from "../api/types";
import type { Outbox, Wait } from "../live/outbox.svelte";
import { after, asSaid, lineIn, restOf, unitsOf, type Told, type Work } from "../live/work";
import { reportOf } from "./report";

/** What became of the last that was said of a unit. */
export type Attempt =
  | { state: Wait; id: string; work: Work }
  /** An answer to somebody announced. */
  | { state: "answered"; id: string; work: Work }
  | { state: "settled"; id: string; work: Work; outcome: Outcome | "recorded"; unit: ExactUnit }
  | { state: "moved"; id: string; work: Work; now: ExactUnit }
  | { state: "refused"; id: string; work: Work; why: string };

export class Reporting {
  readonly outbox: Outbox;
  #dismissed = $state.raw<ReadonlySet<string>>(new Set());

  constructor(outbox: Outbox) {
    this.outbox = outbox;
  }

  /** The unit with all that was said of it and has not arrived yet. */
  shown(unit: ExactUnit): ExactUnit {
    return asSaid(unit, this.outbox.entries);
  }

  attempt(unit: string): Attempt | undefined {
    // What is said of somebody announced is told where they stand.
    const about = ({ work }: { work: Work }) => work.kind !== "act" && unitsOf(work).includes(unit);
    const waiting = this.outbox.entries.findLast(about);
    if (waiting) return { state: this.outbox.waits[waiting.id] ?? "unknown", id: waiting.id, work: waiting.work };
    const told = this.outbox.answers.findLast(about);
    return told && !this.#dismissed.has(`${told.id} ${unit}`) ? attemptOf(told, unit) : undefined;
  }

  send(lines: ReportLine[], units: ExactUnit[]): string {
    return this.#say({ kind: "report", body: reportOf(lines, units, Date.now()) }, units);
  }

  /** `placement`: they were announced. */
  move(
    unit: ExactUnit,
    direction: MovementBody["direction"],
    places: number,
    countedIn: string | null,
    placement?: string,
  ): string {
    const body: Omit<MovementBody, "sent_at"> = { unit: unit.id, direction, places, occurred_at: new Date().toISOString() };
    if (countedIn !== null) body.counted_in = countedIn;
    if (placement !== undefined) body.placement = placement;
    return this.#say({ kind: "movement", body }, [unit]);
  }

  act(work: Extract<Work, { kind: "act" }>, unit: ExactUnit): string {
    return this.#say(work, [unit]);
  }

  /** A movement that never was. What surely never left is taken back here; everything else by the server. */
  async voidMovement(id: string, work: Extract<Work, { kind: "movement" }>, unit: ExactUnit): Promise<void> {
    if (await this.outbox.cancel(id)) return;
    const { direction, places, counted_in } = work.body;
    const gives = counted_in === undefined ? (direction === "in" ? places : -places) : 0;
    this.#say({ kind: "void", unit: unit.id, movement: id, gives }, [unit]);
  }

  dismiss(unit: string): void {
    const attempt = this.attempt(unit);
    if (!attempt) return;
    this.#dismissed = new Set([...this.#dismissed, `${attempt.id} ${unit}`]);
    void this.outbox.putAway(attempt.id);
  }

  #say(work: Work, units: ExactUnit[]): string {
    const rest = units.map((unit) => [unit.id, restOf(after(this.shown(unit), "", work))] as const);
    return this.outbox.add(work, Object.fromEntries(rest));
  }
}

export function attemptOf(told: Told, unit: string): Attempt {
  const { id, work, outcome, why } = told;
  if (work.kind === "act" && outcome === "recorded") return { state: "answered", id, work };
  const state = told.units.find((one) => one.id === unit);
  if (outcome === "refused" || state === undefined) return { state: "refused", id, work, why };
  if (outcome === "moved") return { state: "moved", id, work, now: state };
  return { state: "settled", id, work, outcome: outcome === "recorded" ? outcome : outcome[unit]!, unit: state };
}

export const isWaiting = (attempt: Attempt | undefined): boolean =>
  attempt !== undefined && !["settled", "answered", "moved", "refused"].includes(attempt.state);

export const saidOf = (attempt: Attempt, unit: string): ReportLine => lineIn(attempt.work, unit) ?? { unit };
