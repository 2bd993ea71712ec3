import type { Ask, Blocker, Change, TermCode, Tolerance } from "../../desk/codes";
import type { Says } from "../../desk/saying";

type Sentence = (f: Says) => string;

const people = (n: number | null): string => (n === null ? "all of them" : n === 1 ? "1 person" : `${n} people`);
const tolerances: Record<Tolerance, string> = {
  none: "no use at all",
  supervised: "supervised use only",
  open: "use tolerated",
};
const features: Record<string, string> = {
  "step-free": "step-free",
  pets: "pets welcome",
  "medical-care": "medical care",
  tolerance: "use tolerated",
  families: "for families",
  minors: "for minors",
};
const wishes: Record<string, string> = { commune: "the commune they asked for", room: "a room of their own" };
const bands: Record<string, string> = { "0": "none", "1-2": "1 or 2", "3+": "3 or more" };

function ages(f: Says): string {
  const [min, max] = [f.number("age_min"), f.number("age_max")];
  if (min !== null && max !== null) return `${min} to ${max}`;
  return min !== null ? `${min} or over` : max !== null ? `up to ${max}` : "an age that is not known";
}

const until = (f: Says, key = "until"): string => (f.time(key) === "" ? "" : ` until ${f.time(key)}`);

/** Why it is out of the question: "Men, Linden House: only 2 free, 3 are needed". */
const blockers: Record<Blocker, Sentence> = {
  "no-places": (f) => {
    const left = f.text("band") !== "" ? bands[f.text("band")]! : f.number("left") === null ? "too few" : String(f.number("left"));
    return `${left === "0" ? "none" : left} available, ${f.number("need") ?? 1} needed`;
  },
  unconfirmed: () => "nobody has confirmed the places for tonight yet",
  "awaiting-report": () => "it reopened, and has not said yet how many are free",
  "intake-paused": (f) => `the intake is paused${until(f)}`,
  "room-too-small": (f) => `its rooms are for ${f.number("room_size") ?? "…"}, and they are ${f.number("party") ?? "…"}`,
  "party-too-large": (f) => `it takes at most ${f.number("party_max") ?? "…"} together, and they are ${f.number("party") ?? "…"}`,
  "party-too-small": (f) => `it takes ${f.number("party_min") ?? "…"} or more together, and they are ${f.number("party") ?? "…"}`,
  age: (f) => `it is for ages ${ages(f)}`,
  gender: (f) => `it is for ${f.audience()}`,
  children: (f) => `it takes no children (for ${f.audience()})`,
  "minor-alone": (f) => `it takes no minors without an adult (for ${f.audience()})`,
  "families-only": () => "it is for families",
  "minors-only": () => "it is for minors",
  pets: () => "it takes no pets",
  "medical-care": () => "it has no medical care",
  tolerance: (f) => `its rule is ${tolerances[f.text("tolerance") as Tolerance] ?? "another one"}`,
  barred: (f) => `it declined them: ${f.declined() || "for a reason that stays"}, not offered again${until(f)}`,
  "away-commune": (f) => `they must keep away from ${f.commune("commune")}`,
  "away-shelter": () => "they must keep away from this shelter",
  "step-free": () => "it has stairs",
  regime: (f) => (f.text("regime") === "admission" ? "it admits by interview, not for tonight" : "it is for a night, not by admission"),
  expired: (f) => `it closed by itself${f.time("expires_at") === "" ? "" : ` at ${f.time("expires_at")}`}`,
  closed: () => "it is closed",
};

/** What to ask on the telephone: "asks: is the room large enough for 3?". */
const asks: Record<Ask, Sentence> = {
  places: (f) => `are there ${f.number("need") ?? "enough"} free?`,
  "room-size": (f) => `is the room large enough for ${f.number("party") ?? "all of them"}?`,
  age: (f) => `is everybody of the right age (${ages(f)})?`,
  gender: (f) => `may they come where it is for ${f.audience()}?`,
  family: (f) => `do they count as a family there (for ${f.audience()})?`,
  "minor-alone": () => "may a minor come without an adult?",
  "step-free": () => "is it step-free?",
  pets: () => "may the pet come?",
  "medical-care": () => "can they give medical care?",
  tolerance: () => "what is the rule on alcohol and drugs?",
  "intake-hours": (f) => (f.text("intake_to") === "" ? "will they still let them in?" : `will they still let them in after ${f.hour("intake_to")}?`),
};

/** After "It would fit if". */
const changes: Record<Change, Sentence> = {
  "places-free": (f) => (f.number("more") === null ? `${f.number("need") ?? "enough"} were free` : `${f.number("more")} more became free`),
  "split-party": (f) => `they may be split: there is room for ${people(f.number("places"))}`,
  report: () => "the shelter reports: telephone them",
  "intake-opens": (f) => (f.time("until") === "" ? "the intake opens again: telephone them" : `the intake opens at ${f.time("until")}, or somebody there opens it now`),
  "intake-agrees": () => "somebody at the intake agrees: telephone them",
  "household-agrees": () => "they would go there all the same",
  wait: (f) => (f.time("until") === "" ? "time passes" : `it were ${f.time("until")}`),
  "other-regime": (f) => (f.text("regime") === "admission" ? "they asked for an admission" : "they asked for tonight"),
  reopen: () => "it is opened again: telephone them",
};

/** What points are for. */
const terms: Record<TermCode, Sentence> = {
  distance: (f) => (f.km("km") === "" ? "distance not known" : `${f.km("km")} km from ${f.commune("near") || "where they asked for"}`),
  continuity: () => "they were there last night",
  language: (f) => `speaks ${f.languages("languages") || "their language"}`,
  preferences: (f) => f.list("met").map((one) => wishes[one] ?? one).join(", ") || "what they prefer",
  thrift: (f) => {
    const rare = f.list("features").map((one) => features[one] ?? one).join(", ");
    const spare = f.number("spare") ?? 0;
    const room = spare > 0 ? `${spare} ${spare === 1 ? "place" : "places"} of the room would stay empty` : "";
    return [rare && `kept for who needs it: ${rare}`, room].filter(Boolean).join("; ") || "kept for who needs it";
  },
  age: (f) => (f.time("confirmed_at") === "" ? "nobody has confirmed the count" : `counted at ${f.time("confirmed_at")}`),
  asks: (f) => `${f.number("asks") ?? 1} to ask first`,
};

export const en = { blockers, asks, changes, terms, unknown: "for a reason that this page does not know yet", orList: " or ", join: "; " };

export type ReasonWords = typeof en;
