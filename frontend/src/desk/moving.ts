/** Units whose households have to go elsewhere: closed, or with fewer free than held. Pure. */

import type { Unit } from "../api/types";

export function mustMove(unit: Unit): boolean {
  if (unit.masked) return false;
  return unit.flags.includes("overcommitted") || (unit.status === "closed" && unit.held > 0);
}

export function toMove(units: Iterable<Unit>): number {
  let count = 0;
  for (const unit of units) if (mustMove(unit)) count += 1;
  return count;
}
