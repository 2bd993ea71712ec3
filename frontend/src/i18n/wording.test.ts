/** Reads every sentence of the dictionaries: person-first, and in the words of the glossary. */

import { describe, expect, it } from "vitest";
import { en as commonEn } from "./common/en";
import { fr as commonFr } from "./common/fr";
import { nl as commonNl } from "./common/nl";
import { en as shelterEn } from "./shelter/en";
import { fr as shelterFr } from "./shelter/fr";
import { nl as shelterNl } from "./shelter/nl";
import { en as watchEn } from "./watch/en";
import { fr as watchFr } from "./watch/fr";
import { nl as watchNl } from "./watch/nl";

const DICTIONARIES = {
  en: { common: commonEn, watch: watchEn, shelter: shelterEn },
  fr: { common: commonFr, watch: watchFr, shelter: shelterFr },
  nl: { common: commonNl, watch: watchNl, shelter: shelterNl },
};

/** What a sentence may be asked with: enough of each to walk both branches of a plural. */
const ARGUMENTS: unknown[][] = [
  [0, "place"],
  [1, "room"],
  [2, "place"],
  [3, 4],
  ["place", 1],
  ["room", 2],
  ["20:00", "23:00"],
  [undefined, "23:00"],
  [null, 4],
  [true],
  [false],
  [{ unit: "now" }],
  [{ unit: "minutes", minutes: 12 }],
  [{ unit: "hours", hours: 2, minutes: 5 }],
  [{ unit: "hours", hours: 9, minutes: 0 }],
  [{ unit: "days", days: 1 }],
  [{ unit: "days", days: 3 }],
  [{ level: "stale", seconds: 60 }, { unit: "minutes", minutes: 1 }],
  [{ level: "never", seconds: null }, null],
];

function sentences(words: unknown, path: string): [path: string, sentence: string][] {
  if (typeof words === "string") return [[path, words]];
  if (typeof words === "function") {
    const say = words as (...args: unknown[]) => unknown;
    const said = ARGUMENTS.map((args) => {
      try {
        return say(...args);
      } catch {
        return undefined; // these arguments are not for this sentence
      }
    });
    return said.filter((sentence) => typeof sentence === "string").map((sentence) => [path, sentence as string]);
  }
  return Object.entries(words as object).flatMap(([key, value]) => sentences(value, `${path}.${key}`));
}

/** Who seeks shelter is a person, not a condition. And a place is a place: never a bed, never a slot. */
const NEVER: Record<keyof typeof DICTIONARIES, RegExp[]> = {
  en: [/homeless(?!ness)/i, /\bvagrants?\b/i, /\brough sleepers?\b/i, /\b(bed|slot)s?\b/i, /\bclients?\b/i, /\bcases?\b/i],
  fr: [/\bSDF\b/i, /\bsans[- ]?abris?\b/i, /\bsans domicile\b/i, /clochard/i, /\blits?\b/i, /\bcréneaux?\b/i, /\bbénéficiaires?\b/i],
  nl: [/\bdakloz/i, /\bthuisloz/i, /zwerver/i, /\bbedden\b/i, /\bbed\b/i, /\bslots?\b/i, /\bcliënt/i],
};

describe.each(Object.keys(DICTIONARIES) as (keyof typeof DICTIONARIES)[])("the words in %s", (language) => {
  const said = sentences(DICTIONARIES[language], language);

  it("are there", () => expect(said.length).toBeGreaterThan(250));

  it.each(NEVER[language])("never say %s", (word) => {
    expect(said.filter(([, sentence]) => word.test(sentence))).toEqual([]);
  });

  it("leave nothing empty", () => {
    expect(said.filter(([, sentence]) => sentence.trim() === "")).toEqual([]);
  });
});

it("names people as people in each language", () => {
  expect(commonEn.signIn.lead).toContain("people seeking shelter");
  expect(commonFr.signIn.lead).toContain("personnes en recherche d’hébergement");
  expect(commonNl.signIn.lead).toContain("mensen die opvang zoeken");
});

it("counts in each language's own way", () => {
  expect([0, 1, 2].map((n) => commonFr.count(n, "place"))).toEqual(["0 place", "1 place", "2 places"]);
  expect([0, 1, 2].map((n) => commonEn.count(n, "room"))).toEqual(["0 rooms", "1 room", "2 rooms"]);
  expect([0, 1, 2].map((n) => commonNl.count(n, "place"))).toEqual(["0 plaatsen", "1 plaats", "2 plaatsen"]);
});

it("sets French signs apart with a space that does not break", () => {
  const french = sentences(DICTIONARIES.fr, "fr");
  expect(french.filter(([, sentence]) => /[^\u00a0\u202f\d][:;!?»](\s|$)/.test(sentence))).toEqual([]);
});
