/** Requests, suggestions and placements as the server writes them. Facts about people stay in memory: nothing of it is kept (I9). */

import type { Allotment, Band, Freshness, Instant, Regime, Source } from "./types";

/** What a live frame says of a request, a draw or a plan: that there is a version. Who may read it fetches it. */
export interface Mark {
  seq: number;
  id: string;
  version: number;
}

export interface PlacementMark extends Mark {
  shelter: string;
  unit: string;
  request: string;
}

export const AGES = ["0-2", "3-11", "12-17", "18-25", "26-59", "60+"] as const;
export const GENDERS = ["woman", "man", "x", "unsaid"] as const;
export const RELATIONS = ["self", "partner", "child", "parent", "sibling", "friend", "other"] as const;
export const CHANNELS = ["phone", "web", "outreach", "walk-in", "partner"] as const;
export const URGENCIES = [
  "street-tonight",
  "minor",
  "pregnant",
  "cold",
  "leaving-hospital",
  "leaving-institution",
  "violence",
  "evicted",
] as const;
export const OUTCOMES = ["unmet", "withdrawn", "duplicate", "self-resolved"] as const;
export const UNMET_REASONS = [
  "no-place",
  "none-fits",
  "refused-by-shelters",
  "refused-by-household",
  "night-over",
  "other",
] as const;
export const CANCEL_REASONS = ["withdrawn", "better-place", "mistake", "shelter-asked"] as const;
export const DECLINE_REASONS = [
  "full",
  "closed",
  "not-for-us",
  "known-conflict",
  "rules-broken",
  "wrong-data",
  "no-staff",
] as const;

export const STEP_KINDS = ["interview", "visit", "decision", "appeal"] as const;
export const STEP_RESULTS = ["done", "missed", "called-off", "admitted", "refused"] as const;
export const REFUSAL_REASONS = [
  "no-place",
  "not-for-us",
  "known-conflict",
  "rules-broken",
  "too-little-income",
  "care-needed",
  "other",
] as const;

export type AgeBand = (typeof AGES)[number];
export type Gender = (typeof GENDERS)[number];
export type Relation = (typeof RELATIONS)[number];
export type Channel = (typeof CHANNELS)[number];
export type Urgency = (typeof URGENCIES)[number];
export type Outcome = (typeof OUTCOMES)[number];
export type UnmetReason = (typeof UNMET_REASONS)[number];
export type CancelReason = (typeof CANCEL_REASONS)[number];
export type DeclineReason = (typeof DECLINE_REASONS)[number];
export type StepKind = (typeof STEP_KINDS)[number];
export type StepResult = (typeof STEP_RESULTS)[number];
export type RefusalReason = (typeof REFUSAL_REASONS)[number];
export type RequestState = "waiting" | "held" | "closed";
export type PlacementEnding = "arrived" | "declined" | "cancelled" | "lapsed" | "no-show";

export interface Member {
  age: AgeBand;
  gender: Gender;
  relation: Relation;
}

export interface Needs {
  step_free: boolean;
  pets: number;
  medical_care: boolean;
  tolerance: null | "supervised" | "open";
  languages: string[];
  together: boolean;
  near: string | null;
  away_from: { shelters: string[]; communes: string[] };
}

export interface Contact {
  alias: string | null;
  contact: string | null;
}

/** `login` is empty where nobody is known by that id any more. */
export interface Colleague {
  id: string;
  login: string;
}

/** A unit that is not offered again to this request, until when and why. */
export interface Bar {
  unit: string;
  shelter: string;
  scope: "unit" | "shelter";
  reason: string;
  until: Instant | null;
}

export interface PlacementView {
  id: string;
  request: string;
  code: string;
  version: number;
  unit: string;
  shelter: string;
  places: number;
  allotment: Allotment;
  state: "held" | "accepted" | "ended";
  ending: PlacementEnding | null;
  late: boolean;
  held_at: Instant;
  expires_at: Instant | null;
  extended: boolean;
  seen_at: Instant | null;
  accepted_at: Instant | null;
  arrive_by: Instant | null;
  escalated_at: Instant | null;
  ended_at: Instant | null;
  decline: { reason: DeclineReason; free: number | null } | null;
  made_by: Colleague | null;
  /** Who follows it now: whoever made it, or to whom it was handed over. */
  holder: Colleague | null;
  party: Member[];
  needs: Needs;
  replaces: string | null;
}

/** Of an admission that is negotiated. */
export interface StepView {
  id: string;
  kind: StepKind;
  shelter: string | null;
  at: Instant | null;
  result: StepResult | null;
  reason: RefusalReason | null;
}

export interface RequestView {
  id: string;
  code: string;
  version: number;
  regime: Regime;
  channel: Channel;
  night: string;
  state: RequestState;
  outcome: Outcome | "arrived" | "expired" | null;
  outcome_reason: UnmetReason | null;
  asked_at: Instant;
  refreshed_at: Instant;
  expires_at: Instant;
  paused_until: Instant | null;
  closed_at: Instant | null;
  assignee: Colleague | null;
  party: Member[];
  party_size: number;
  needs: Needs;
  urgency: Urgency[];
  continues: string | null;
  bars: Bar[];
  placement: PlacementView | null;
  twins: string[];
  contact: Contact | null;
  steps: StepView[];
}

export interface RequestBody {
  id: string;
  regime: Regime;
  channel: Channel;
  party: Member[];
  needs: Needs;
  urgency: Urgency[];
  continues: string | null;
  contact: Contact | null;
}

export interface RequestAsked {
  request: RequestView;
  /** Only its digest is kept. Null where the answer that brought it was lost, and the server cannot say it again. */
  receipt: string | null;
  repeated: boolean;
}

export interface RequestEvent {
  id: string;
  verb: string;
  at: Instant;
  actor: Colleague | null;
}

/** A reason in code, with the facts that its sentence names. */
export interface Coded {
  code: string;
  facts: Facts;
}
export type Facts = Readonly<Record<string, unknown>>;

export interface Term {
  term: string;
  points: number;
  facts: Facts;
}

export interface Suggestion extends Freshness {
  unit: string;
  shelter: string;
  need: number;
  allotment: Allotment;
  available: number | null;
  band: Band | null;
  score: number;
  terms: Term[];
  asks: Coded[];
  distance_km: number | null;
}

export interface NearMiss {
  unit: string;
  shelter: string;
  blocker: Coded;
  change: Coded;
}

export interface Blocked {
  unit: string;
  shelter: string;
  blockers: Coded[];
}

export interface Suggestions {
  request: string;
  version: number;
  seq: number;
  epoch: string;
  live: Source;
  now: Instant;
  policy: { version: number; hash: string };
  counts: { fits: number; near: number; blocked: number };
  suggestions: Suggestion[];
  near_misses: NearMiss[];
  blocked?: Blocked[];
}

export interface Placed {
  placement: PlacementView;
  request: { id: string; version: number; state: RequestState };
  repeated: boolean;
}
