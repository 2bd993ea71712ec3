import type { AgeBand, DeclineReason, Needs, PlacementEnding, Relation } from "../../api/orientation";
import type { Who } from "../../shelter/incoming/household";

const whos: Record<Who, [one: string, many: string]> = {
  woman: ["woman", "women"],
  man: ["man", "men"],
  person: ["person", "people"],
  girl: ["girl", "girls"],
  boy: ["boy", "boys"],
  child: ["child", "children"],
};

const aged: Record<AgeBand, string> = {
  "0-2": "aged 0–2",
  "3-11": "aged 3–11",
  "12-17": "aged 12–17",
  "18-25": "aged 18–25",
  "26-59": "aged 26–59",
  "60+": "aged 60 or more",
};

const relations: Record<Exclude<Relation, "self">, string> = {
  partner: "partner",
  child: "son or daughter",
  parent: "parent",
  sibling: "brother or sister",
  friend: "friend",
  other: "goes along",
};

const tolerance: Record<NonNullable<Needs["tolerance"]>, string> = {
  supervised: "supervised use",
  open: "use tolerated",
};

const reasons: Record<DeclineReason, string> = {
  full: "Full",
  closed: "Closed",
  "not-for-us": "Not for us",
  "known-conflict": "Known conflict here",
  "rules-broken": "House rules broken before",
  "wrong-data": "Our data are wrong",
  "no-staff": "Too few staff",
};

const paused = "This pauses the intake of the unit until noon.";
const barred = "The desk does not offer this unit to them again for some nights.";

const follows: Record<DeclineReason, string> = {
  full: "How many are free now? It counts as a report.",
  closed: paused,
  "not-for-us": barred,
  "known-conflict": barred,
  "rules-broken": barred,
  "wrong-data": "The unit then awaits your report: nobody else is announced before it.",
  "no-staff": paused,
};

const endings: Record<PlacementEnding, string> = {
  arrived: "arrived",
  declined: "declined",
  cancelled: "cancelled",
  lapsed: "not answered in time",
  "no-show": "did not come",
};

export const en = {
  title: "Who is coming",
  nobody: "Nobody is announced now.",
  announced: (n: number): string => (n === 1 ? "1 announced waits for an answer" : `${n} announced wait for an answer`),
  failed: "Not fetched yet. It is being tried again.",
  people: (n: number, who: string): string => `${n} people: ${who}`,
  who: (n: number, who: Who): string => `${n} ${whos[who][n === 1 ? 0 : 1]}`,
  aged,
  relations,
  needs: {
    step_free: "step-free",
    medical_care: "medical care",
    together: "stay together",
    pets: (n: number): string => (n === 1 ? "1 animal" : `${n} animals`),
    tolerance,
    speak: (languages: string): string => `speaks ${languages}`,
  },
  answerBy: (time: string, left: string): string => `Answer by ${time} (${left})`,
  answerDue: (time: string): string => `The answer was due at ${time}`,
  expectedUntil: (time: string): string => `Accepted. Expected until ${time}`,
  accepted: "Accepted.",
  left: (minutes: number): string => (minutes < 60 ? `${minutes}\u00a0min` : `${Math.floor(minutes / 60)}\u00a0h`),
  seen: "The desk knows that you have seen it.",
  arrived: "Arrived",
  already: (n: number, ago: string): string => `${n} free was counted ${ago}. Is the arrival in the ${n} already?`,
  why: "Why not?",
  reasons,
  follows,
  others: (n: number): string =>
    n === 1 ? "1 more is held for somebody on the way: count it as free." : `${n} more are held for people on their way: count them as free.`,
  declineAs: (reason: string): string => `Decline: ${reason}`,
  back: "Back",
  ended: "No longer expected",
  endings,
  late: "arrived late",
  afterAll: "Arrived after all",
  all: (n: number): string => `All ${n}`,
};

export type IncomingWords = typeof en;
