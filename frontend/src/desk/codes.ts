/** The codes of matching, as the server has them: tests/unit/orientation/test_desk_words.py compares the two. */

export const BLOCKERS = [
  "no-places",
  "unconfirmed",
  "awaiting-report",
  "intake-paused",
  "room-too-small",
  "party-too-large",
  "party-too-small",
  "age",
  "gender",
  "children",
  "minor-alone",
  "families-only",
  "minors-only",
  "pets",
  "medical-care",
  "tolerance",
  "barred",
  "away-commune",
  "away-shelter",
  "step-free",
  "regime",
  "expired",
  "closed",
] as const;

export const ASKS = [
  "places",
  "room-size",
  "age",
  "gender",
  "family",
  "minor-alone",
  "step-free",
  "pets",
  "medical-care",
  "tolerance",
  "intake-hours",
] as const;

export const CHANGES = [
  "places-free",
  "split-party",
  "report",
  "intake-opens",
  "intake-agrees",
  "household-agrees",
  "wait",
  "other-regime",
  "reopen",
] as const;

export const TERMS = ["distance", "continuity", "language", "preferences", "thrift", "age", "asks"] as const;

export type Blocker = (typeof BLOCKERS)[number];
export type Ask = (typeof ASKS)[number];
export type Change = (typeof CHANGES)[number];
export type TermCode = (typeof TERMS)[number];
export type Tolerance = "none" | "supervised" | "open";
