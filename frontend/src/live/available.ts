/** How many may still be given: derived from a state, never stored and never on the wire (I2). */

import type { Band, OutOfService, Unit } from "../api/types";

export type Available =
  | { kind: "count"; count: number }
  | { kind: "band"; band: Band }
  /** Nothing may be given: nobody has said yet how many there are, and the rules ask for that, or the unit is closed. */
  | { kind: "none" };

export function available(unit: Unit): Available {
  if (!unit.holdable) return { kind: "none" };
  if (unit.masked) return { kind: "band", band: unit.band };
  return { kind: "count", count: Math.max(0, unit.free - unit.held) };
}

const LEAST_OF_BAND: Record<Band, number> = { "0": 0, "1-2": 1, "3+": 3 };

/** The least that is certainly there: what filters, sorting and totals may count on. */
export function atLeast(unit: Unit): number {
  const found = available(unit);
  if (found.kind === "none") return 0;
  return found.kind === "band" ? LEAST_OF_BAND[found.band] : found.count;
}

/** A pause ends by itself when its time has passed. */
export function intakeOpen(unit: Unit, nowMs: number): boolean {
  return unit.intake === "open" || (unit.intake_until !== null && Date.parse(unit.intake_until) <= nowMs);
}

/** What should be back by now. The unit asks, and frees nothing by itself. */
export function overdue(unit: Unit, nowMs: number): OutOfService[] {
  if (unit.masked || unit.status === "closed") return [];
  return unit.out_of_service.filter((part) => part.until !== null && Date.parse(part.until) <= nowMs);
}

export function outOfService(unit: Unit): number {
  return unit.masked ? 0 : unit.out_of_service.reduce((sum, part) => sum + part.places, 0);
}
