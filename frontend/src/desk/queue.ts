/** Which requests stand in the queue, and in which order: what cannot wait first, then who has waited longest. Pure. */

import type { RequestView } from "../api/orientation";
import type { Regime } from "../api/types";

export interface Filters {
  whose: "all" | "mine" | "nobody";
  regime: "all" | Regime;
  state: "open" | "waiting" | "held";
}

export const ALL: Filters = { whose: "all", regime: "all", state: "open" };

/** Why a request stands above the others. */
export type Call = "back" | "silent" | "late" | null;

const passed = (instant: string | null, nowMs: number): boolean => instant !== null && Date.parse(instant) <= nowMs;

/** `back`: its last hold ended, and nobody came. */
export function callOf(request: RequestView, back: ReadonlySet<string>, nowMs: number): Call {
  const { placement } = request;
  if (placement === null) return request.state === "waiting" && back.has(request.id) ? "back" : null;
  if (placement.state === "held") return placement.escalated_at !== null ? "silent" : null;
  return passed(placement.arrive_by, nowMs) ? "late" : null;
}

export const isPaused = (request: RequestView, nowMs: number): boolean =>
  request.paused_until !== null && !passed(request.paused_until, nowMs);

function rankOf(request: RequestView, back: ReadonlySet<string>, nowMs: number): number {
  if (callOf(request, back, nowMs) !== null) return 0;
  if (isPaused(request, nowMs)) return 4;
  if (request.placement !== null) return 3;
  return request.urgency.length > 0 ? 1 : 2;
}

export function select(requests: Iterable<RequestView>, filters: Filters, me: string): RequestView[] {
  return [...requests].filter((request) => {
    if (request.state === "closed") return false;
    if (filters.regime !== "all" && request.regime !== filters.regime) return false;
    if (filters.state !== "open" && request.state !== filters.state) return false;
    if (filters.whose === "mine") return request.assignee?.id === me;
    return filters.whose !== "nobody" || request.assignee === null;
  });
}

export function arrange(requests: readonly RequestView[], back: ReadonlySet<string>, nowMs: number): RequestView[] {
  const keyed = requests.map((request) => ({ request, rank: rankOf(request, back, nowMs) }));
  keyed.sort(
    (a, b) =>
      a.rank - b.rank ||
      Date.parse(a.request.asked_at) - Date.parse(b.request.asked_at) ||
      (a.request.id < b.request.id ? -1 : 1),
  );
  return keyed.map(({ request }) => request);
}

/** The neighbour of the one that is open; the first where none is. */
export function neighbour(queue: readonly RequestView[], open: string | null, by: 1 | -1): RequestView | undefined {
  const place = queue.findIndex(({ id }) => id === open);
  if (place < 0) return queue[0];
  return queue[Math.min(queue.length - 1, Math.max(0, place + by))];
}
