/** Who asks, said in a few keys: "w31 m4 m7" is a woman of 31 and two boys. Only the bands are kept. Pure. */

import type { AgeBand, Gender, Member, Relation } from "../api/orientation";

export const PARTY_MAX = 12;

/** The letters of all three languages: none of them means two things. */
const GENDER_OF: Record<string, Gender> = { w: "woman", f: "woman", v: "woman", m: "man", h: "man", x: "x", "": "unsaid" };
const BANDS: readonly [from: number, band: AgeBand][] = [
  [60, "60+"],
  [26, "26-59"],
  [18, "18-25"],
  [12, "12-17"],
  [3, "3-11"],
  [0, "0-2"],
];
const OLDEST = 120;

export const bandOf = (age: number): AgeBand => BANDS.find(([from]) => age >= from)![1];

export const isMinor = (age: AgeBand): boolean => age === "0-2" || age === "3-11" || age === "12-17";

export interface Understood {
  party: Member[];
  /** What is no person, as it was typed. */
  wrong: string[];
}

export function readParty(text: string): Understood {
  const understood: Understood = { party: [], wrong: [] };
  for (const word of text.toLowerCase().split(/[\s,;+]+/).filter(Boolean)) {
    const match = /^([wfvmhx]?)(\d{1,3})([wfvmhx]?)$/.exec(word);
    const age = Number(match?.[2]);
    if (!match || (match[1] && match[3]) || age > OLDEST) understood.wrong.push(word);
    else understood.party.push({ age: bandOf(age), gender: GENDER_OF[match[1] || match[3] || ""]!, relation: "self" });
  }
  understood.party = understood.party.map((member, place) => ({ ...member, relation: guess(understood.party, place) }));
  return understood;
}

/** A child beside an adult is theirs until somebody says otherwise; of two adults nobody guesses. */
function guess(party: readonly Member[], place: number): Relation {
  if (place === 0) return "self";
  return isMinor(party[place]!.age) && !isMinor(party[0]!.age) ? "child" : "other";
}

export interface Group {
  gender: Gender;
  age: AgeBand;
  n: number;
}

/** Those who are alike, in the order in which they were said. */
export function groupsOf(party: readonly Member[]): Group[] {
  const groups: Group[] = [];
  for (const { gender, age } of party) {
    const alike = groups.find((group) => group.gender === gender && group.age === age);
    if (alike) alike.n += 1;
    else groups.push({ gender, age, n: 1 });
  }
  return groups;
}
