/** A draw, a plan and rules to test with: whole and plain, changed where a test says so. */

import { minutes } from "../desk/examples";
import type { DrawView, PlanRow, PlanView, Rules, Times } from "./shapes";

const someone = { id: "other", login: "colleague" };

export function aDraw(change: Partial<DrawView> = {}): DrawView {
  const at = { made_at: minutes(-9), frozen_at: null, drawn_at: null };
  const unknown = { policy: null, list_hash: null, seed: null, why: null };
  const draw = { id: "draw-1", version: 1, state: "open", night: "2026-11-24", audience: "man", made_by: someone } as const;
  return { ...draw, ...at, ...unknown, commitments: [], size: 0, entries: [], ...change };
}

export function aRow(request: string, change: Partial<PlanRow> = {}): PlanRow {
  const where = { unit: "unit-1", shelter: "shelter-1", need: 1, allotment: "place", first_come: "unit-1", yesterday: null } as const;
  const came = { outcome: null, placement: null, problem: null };
  const row = { request, code: request.toUpperCase(), party_size: 1, group: "man", tier: 0, drawn: null, fit: 10 } as const;
  return { ...row, ...where, ...came, pinned: false, moved: false, ...change };
}

export function aPlan(change: Partial<PlanView> = {}): PlanView {
  const head = { id: "plan-1", version: 1, state: "draft", night: "2026-11-24", made_at: minutes(-1), made_by: someone } as const;
  const basis = { after: null, followed_by: null, policy: { version: 1, hash: "h" }, policy_changed: false, seq: 1, epoch: "e", time_limit_s: 10 };
  const came = { progress: null, failure: null, summary: null, groups: [], against: null, rows: [] };
  return { ...head, ...basis, ...came, ...change };
}

const TIMES: Times = {
  hold_ttl_s: 1_200,
  seen_grace_s: 300,
  extend_s: 600,
  escalate_after_s: 600,
  arrive_within_s: 7_200,
  refresh_within_s: 14_400,
};

export const RULES: Rules = {
  weights: { distance: 100, reach_m: 8_000, continuity: 60, language: 40, preference: 30, ask: 15, thrift: 40, spare_place: 5, aging: 10, stale: 40, silent: 90 },
  night: TIMES,
  admission: TIMES,
  shelter_hold_ttl_s: {},
  barred_nights: 7,
  plan: { tiers: [], stability: 80, drawn: 200, balance: 10, reserve_percent: 0, floors: {}, floor_points: 100 },
  draw: { strata: [], tickets: [] },
};
