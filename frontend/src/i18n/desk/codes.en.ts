/** The codes of requests and placements, in English. */

import type {
  AgeBand,
  CancelReason,
  Channel,
  DeclineReason,
  Gender,
  Outcome,
  PlacementEnding,
  Relation,
  UnmetReason,
  Urgency,
} from "../../api/orientation";

export const ages: Record<AgeBand, string> = {
  "0-2": "0–2",
  "3-11": "3–11",
  "12-17": "12–17",
  "18-25": "18–25",
  "26-59": "26–59",
  "60+": "60 or over",
};

/** Of n people of one gender, children and young people by their own words. */
export function people(gender: Gender, minor: boolean, n: number): string {
  const one = n === 1;
  if (gender === "woman") return minor ? (one ? "girl" : `${n} girls`) : one ? "woman" : `${n} women`;
  if (gender === "man") return minor ? (one ? "boy" : `${n} boys`) : one ? "man" : `${n} men`;
  const who = minor ? (one ? "child" : `${n} children`) : one ? "person" : `${n} people`;
  return gender === "x" ? `${who} (X)` : who;
}

export const genders: Record<Gender, string> = { woman: "woman", man: "man", x: "X", unsaid: "not said" };
export const relations: Record<Relation, string> = {
  self: "who asks",
  partner: "partner",
  child: "child",
  parent: "parent",
  sibling: "brother or sister",
  friend: "friend",
  other: "other",
};
export const channels: Record<Channel, string> = {
  phone: "phone",
  web: "web",
  outreach: "outreach team",
  "walk-in": "at the door",
  partner: "partner",
};
export const urgencies: Record<Urgency, string> = {
  "street-tonight": "outside tonight",
  minor: "a minor",
  pregnant: "pregnant",
  cold: "in the cold",
  "leaving-hospital": "leaving hospital",
  "leaving-institution": "leaving an institution",
  violence: "fleeing violence",
  evicted: "evicted",
};
export const outcomes: Record<Outcome | "arrived" | "expired", string> = {
  arrived: "arrived",
  unmet: "no place found",
  withdrawn: "withdrawn",
  duplicate: "asked twice",
  "self-resolved": "found something themselves",
  expired: "not refreshed in time",
};
export const unmet: Record<UnmetReason, string> = {
  "no-place": "no place was free",
  "none-fits": "places were free, none fits",
  "refused-by-shelters": "declined by shelters",
  "refused-by-household": "declined by the household",
  "night-over": "the night is over",
  other: "other reason",
};
export const cancels: Record<CancelReason, string> = {
  withdrawn: "they no longer want it",
  "better-place": "a better place was found",
  mistake: "held by mistake",
  "shelter-asked": "the shelter asked for it",
};
export const declines: Record<DeclineReason, string> = {
  full: "full",
  closed: "closed",
  "not-for-us": "not for us",
  "known-conflict": "a known conflict",
  "rules-broken": "rules were broken before",
  "wrong-data": "our data are wrong",
  "no-staff": "too few staff",
};
export const endings: Record<PlacementEnding, string> = {
  arrived: "arrived",
  declined: "declined",
  cancelled: "cancelled",
  lapsed: "ran out",
  "no-show": "did not come",
};
