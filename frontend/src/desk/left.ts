/** What is left of a hold, by the server's time. Pure. */

import type { PlacementView } from "../api/orientation";

export type Left = { kind: "none" } | { kind: "left"; text: string; short: boolean } | { kind: "over"; seen: boolean };

const SHORT_MS = 3 * 60_000;

/** An accepted hold does not run out: they are expected. */
export function leftOf(placement: PlacementView, nowMs: number): Left {
  if (placement.state !== "held" || placement.expires_at === null) return { kind: "none" };
  const ms = Date.parse(placement.expires_at) - nowMs;
  if (ms <= 0) return { kind: "over", seen: placement.seen_at !== null };
  return { kind: "left", text: span(ms), short: ms <= SHORT_MS };
}

/** Minutes and seconds; hours and minutes where it is long. */
function span(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))}`;
}
