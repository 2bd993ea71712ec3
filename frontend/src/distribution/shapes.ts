/** Draws, plans and the rules of orientation as the server writes them. Facts about people stay in memory (I9). */

import type { Coded, Colleague, Term, Urgency } from "../api/orientation";
import type { Allotment, Instant } from "../api/types";

export const GROUPS = ["woman", "man", "person", "adults", "family", "minors"] as const;
export const DRAW_STATES = ["open", "frozen", "drawn", "abandoned"] as const;
export const LEFT_REASONS = ["none-fits", "no-place", "closed", "held"] as const;
export const PLAN_STATES = ["solving", "draft", "applying", "applied", "discarded", "failed"] as const;
export const PHASES = ["reading", "matching", "relaxing", "rounding", "counting", "mending", "trading", "proving", "comparing"] as const;
/** Why a plan was not worked out. */
export const FAILURES = ["plan-out-of-time", "plan-failed", "plan-interrupted"] as const;
export const ROW_OUTCOMES = ["held", "taken", "gone", "refused"] as const;

export type Group = (typeof GROUPS)[number];
export type DrawState = (typeof DRAW_STATES)[number];
export type LeftReason = (typeof LEFT_REASONS)[number];
export type PlanState = (typeof PLAN_STATES)[number];
export type Phase = (typeof PHASES)[number];
export type Failure = (typeof FAILURES)[number];
export type RowOutcome = (typeof ROW_OUTCOMES)[number];

export interface Version {
  version: number;
  hash: string;
}

export interface Commitment {
  by: Colleague | null;
  at: Instant;
  commitment: string;
  revealed: boolean;
}

/** `position` counts from 0. Who is late has none, and nothing that the list would say; erased facts are null. */
export interface DrawEntry {
  position: number | null;
  pseudonym: string | null;
  stratum: number | null;
  tickets: number | null;
  request: string | null;
  code: string | null;
  party_size: number | null;
  state: "waiting" | "held" | "closed";
  outcome: string | null;
  /** Asked after the freeze: after all others, in the order of asking. */
  late: boolean;
}

export interface DrawView {
  id: string;
  version: number;
  state: DrawState;
  night: string;
  audience: Group;
  made_at: Instant;
  made_by: Colleague | null;
  commitments: Commitment[];
  policy: Version | null;
  list_hash: string | null;
  frozen_at: Instant | null;
  drawn_at: Instant | null;
  seed: string | null;
  why: string | null;
  size: number;
  entries: DrawEntry[];
}

/** What came of placing in drawn order. */
export interface DrawPlaced {
  placed: { request: string; code: string | null; unit: string; placement: string }[];
  left: { request: string; code: string | null; reason: LeftReason }[];
  repeated: boolean;
}

export interface Tier {
  tier: number;
  people: number;
  placed: number;
  most: number;
  proven: boolean;
}

export interface Summary {
  status: "optimal" | "feasible";
  value: number;
  bound: number;
  gap: number;
  /** Points alone, and what they are at most for the same people. */
  fit: number;
  fit_bound: number;
  solve_s: number;
  people_waiting: number;
  people_placed: number;
  households_waiting: number;
  households_placed: number;
  places_free: number;
  tiers: Tier[];
  families_split: number;
  moves: number;
  /** Of a plan after another it is not computed. */
  fairness_price: number | null;
  /** People of each tier whom a plan would place that moves whomever it must, where those are more. */
  fresh: { placed: number[]; moves: number } | null;
  applied: Record<RowOutcome, number> | null;
}

export interface PlanHead {
  id: string;
  version: number;
  state: PlanState;
  night: string;
  made_at: Instant;
  made_by: Colleague | null;
  after: string | null;
  followed_by: string | null;
  policy: Version;
  /** Other rules are in force than it was made by. */
  policy_changed: boolean;
  seq: number;
  epoch: string;
  time_limit_s: number;
  progress: { phase: Phase; elapsed_s: number; value: number | null; bound: number | null; gap: number | null } | null;
  failure: string | null;
  summary: Summary | null;
}

export interface GroupLine {
  group: Group;
  households: number;
  people: number;
  placed: number;
  rate: number;
  first_come: number;
  yesterday: number | null;
}

export interface Comparison {
  policy: Version | null;
  people_placed: number;
  gains: string[];
  losers: string[];
  moved: number;
}

export interface PlanRow {
  request: string;
  code: string;
  party_size: number;
  group: Group;
  tier: number;
  drawn: number | null;
  unit: string | null;
  shelter: string | null;
  need: number | null;
  allotment: Allotment | null;
  pinned: boolean;
  fit: number | null;
  first_come: string | null;
  yesterday: string | null;
  moved: boolean;
  outcome: RowOutcome | null;
  placement: string | null;
  problem: string | null;
}

export interface PlanView extends PlanHead {
  groups: GroupLine[];
  against: { first_come: Comparison; yesterday: Comparison | null } | null;
  rows: PlanRow[];
}

export interface Taken {
  tier: number;
  group: Group;
  households: number;
}

export interface Better {
  unit: string;
  shelter: string;
  score: number;
  taken: Taken[];
}

export interface Why {
  request: string;
  unit: string | null;
  rank: number | null;
  of: number;
  terms: Term[];
  better: Better[];
  blockers: { code: string; units: number }[];
  near: { unit: string; shelter: string; blocker: Coded; change: Coded }[];
  fitting: Better[];
  /** How many other households go to the same shelter: all of them, or none. */
  linked: number;
}

/** One of each list that is not empty, and turned away the night before where true; one that names nothing is everybody. */
export interface Match {
  urgency: Urgency[];
  parties: Group[];
  turned_away: boolean;
}

export type Times = Record<(typeof TIMES)[number], number>;
export type Weights = Record<(typeof WEIGHTS)[number], number>;

export const TIMES = [
  "hold_ttl_s",
  "seen_grace_s",
  "extend_s",
  "escalate_after_s",
  "arrive_within_s",
  "refresh_within_s",
] as const;
export const WEIGHTS = [
  "distance",
  "reach_m",
  "continuity",
  "language",
  "preference",
  "ask",
  "thrift",
  "spare_place",
  "aging",
  "stale",
  "silent",
] as const;

export interface Rules {
  weights: Weights;
  night: Times;
  admission: Times;
  shelter_hold_ttl_s: Record<string, number>;
  barred_nights: number;
  plan: {
    tiers: Match[];
    stability: number;
    drawn: number;
    balance: number;
    reserve_percent: number;
    floors: Partial<Record<Group, number>>;
    floor_points: number;
  };
  draw: { strata: Match[]; tickets: { match: Match; tickets: number }[] };
}

export interface PolicyView {
  version: number;
  policy: Rules;
  id: string | null;
  set_at: Instant | null;
  actor: string | null;
  login: string | null;
  why: string | null;
  changes: { field: string; was: unknown; now: unknown }[];
}

export interface Policies {
  version: number;
  policies: PolicyView[];
  before: number | null;
}

export interface PreviewLine {
  code: string;
  group: Group;
  tier: number;
  tier_base: number;
  party_size: number;
}

export interface PreviewNight {
  night: string;
  case_at: Instant;
  households: number;
  people: number;
  placed: number;
  placed_base: number;
  /** Households; `gains` and `losers` name those whose requests have not been erased. */
  gained: number;
  lost: number;
  gains: PreviewLine[];
  losers: PreviewLine[];
  groups: { group: Group; households: number; people: number; placed: number; placed_base: number }[];
  gap: number;
}

export interface Preview {
  state: "working" | "done" | "failed";
  progress: { done: number; of: number };
  base: Version;
  hash: string;
  nights: PreviewNight[];
  failure: string | null;
}
