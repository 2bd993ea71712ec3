/** Requests and placements to test with: whole and plain, changed where a test says so. */

import type { PlacementView, RequestView, Suggestion } from "../api/orientation";
import { NOW } from "../live/examples";
import { NO_NEEDS } from "./draft";

export const minutes = (n: number): string => new Date(NOW + n * 60_000).toISOString();

export function aPlacement(change: Partial<PlacementView> = {}): PlacementView {
  return {
    id: "placement-1",
    request: "request-1",
    code: "A-12",
    version: 1,
    unit: "unit-1",
    shelter: "shelter-1",
    places: 1,
    allotment: "place",
    state: "held",
    ending: null,
    late: false,
    held_at: minutes(-5),
    expires_at: minutes(15),
    extended: false,
    seen_at: null,
    accepted_at: null,
    arrive_by: null,
    escalated_at: null,
    ended_at: null,
    decline: null,
    made_by: { id: "me", login: "desk" },
    holder: { id: "me", login: "desk" },
    party: [{ age: "26-59", gender: "woman", relation: "self" }],
    needs: NO_NEEDS,
    replaces: null,
    ...change,
  };
}

export function aRequest(change: Partial<RequestView> = {}): RequestView {
  return {
    id: "request-1",
    code: "A-12",
    version: 1,
    regime: "night",
    channel: "phone",
    night: "2026-11-24",
    state: "waiting",
    outcome: null,
    outcome_reason: null,
    asked_at: minutes(-30),
    refreshed_at: minutes(-30),
    expires_at: minutes(120),
    paused_until: null,
    closed_at: null,
    assignee: null,
    party: [{ age: "26-59", gender: "woman", relation: "self" }],
    party_size: 1,
    needs: NO_NEEDS,
    urgency: [],
    continues: null,
    bars: [],
    placement: null,
    twins: [],
    contact: null,
    steps: [],
    ...change,
  };
}

export function aSuggestion(unit: string, change: Partial<Suggestion> = {}): Suggestion {
  const ages = { confirmed_at: minutes(-10), aging_at: minutes(50), stale_at: minutes(200), silent_at: minutes(900) };
  const counts = { need: 1, allotment: "place" as const, available: 2, band: null };
  return { unit, shelter: "shelter-1", ...counts, score: 10, terms: [], asks: [], distance_km: null, ...ages, ...change };
}
