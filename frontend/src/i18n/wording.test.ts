/** Reads every sentence of the dictionaries: person-first, and in the words of the glossary. */

import { describe, expect, it } from "vitest";
import { en as commonEn } from "./common/en";
import { fr as commonFr } from "./common/fr";
import { nl as commonNl } from "./common/nl";
import { en as deskEn } from "./desk/en";
import { fr as deskFr } from "./desk/fr";
import { nl as deskNl } from "./desk/nl";
import { en as asideEn } from "./aside/en";
import { fr as asideFr } from "./aside/fr";
import { nl as asideNl } from "./aside/nl";
import { en as distributionEn } from "./distribution/en";
import { en as rulesEn } from "./rules/en";
import { en as sharingEn } from "./sharing/en";
import { fr as distributionFr } from "./distribution/fr";
import { fr as rulesFr } from "./rules/fr";
import { fr as sharingFr } from "./sharing/fr";
import { nl as distributionNl } from "./distribution/nl";
import { nl as rulesNl } from "./rules/nl";
import { nl as sharingNl } from "./sharing/nl";
import { saying } from "../desk/saying";
import { en as homeEn } from "./home/en";
import { fr as homeFr } from "./home/fr";
import { nl as homeNl } from "./home/nl";
import { en as incomingEn } from "./incoming/en";
import { fr as incomingFr } from "./incoming/fr";
import { nl as incomingNl } from "./incoming/nl";
import { en as reasonsEn } from "./reasons/en";
import { fr as reasonsFr } from "./reasons/fr";
import { nl as reasonsNl } from "./reasons/nl";
import { en as receiptEn } from "./receipt/en";
import { fr as receiptFr } from "./receipt/fr";
import { nl as receiptNl } from "./receipt/nl";
import { en as shelterEn } from "./shelter/en";
import { fr as shelterFr } from "./shelter/fr";
import { nl as shelterNl } from "./shelter/nl";
import { en as watchEn } from "./watch/en";
import { fr as watchFr } from "./watch/fr";
import { nl as watchNl } from "./watch/nl";

const DICTIONARIES = {
  en: { common: commonEn, home: homeEn, watch: watchEn, shelter: shelterEn, receipt: receiptEn, desk: deskEn, reasons: reasonsEn, incoming: incomingEn, aside: asideEn, distribution: distributionEn, rules: rulesEn, sharing: sharingEn },
  fr: { common: commonFr, home: homeFr, watch: watchFr, shelter: shelterFr, receipt: receiptFr, desk: deskFr, reasons: reasonsFr, incoming: incomingFr, aside: asideFr, distribution: distributionFr, rules: rulesFr, sharing: sharingFr },
  nl: { common: commonNl, home: homeNl, watch: watchNl, shelter: shelterNl, receipt: receiptNl, desk: deskNl, reasons: reasonsNl, incoming: incomingNl, aside: asideNl, distribution: distributionNl, rules: rulesNl, sharing: sharingNl },
};

/** Every fact that a code of matching may have. */
const FACTS = {
  ...{ need: 3, left: 1, more: 2, party: 3, room_size: 2, party_max: 2, party_min: 2, places: 2, asks: 2, spare: 2, km: 1.4 },
  ...{ age_min: 18, age_max: 65, audience: ["women", "families"], tolerance: "open", regime: "night", reason: "not-for-us" },
  ...{ until: "2026-11-25T20:00:00Z", expires_at: "2026-11-25T20:00:00Z", confirmed_at: "2026-11-25T20:00:00Z", intake_to: "22:30:00" },
  ...{ commune: "21004", near: "21004", languages: ["ar"], met: ["commune", "room"], features: ["pets", "families"] },
};
const NAMES = {
  language: "en" as const,
  nowMs: Date.parse("2026-11-25T18:00:00Z"),
  commune: () => "Ixelles",
  audiences: commonEn.audiences,
  declines: deskEn.declines,
  or: " or ",
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
  ["2 libres", "23:00"],
  [1, "woman"],
  [2, "child"],
  [1, "place", "18:00"],
  [2, "room", "18:00"],
  ["25 – 26 november", 3, 2],
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
  ...["woman", "man", "x", "unsaid"].flatMap((gender) => [1, 2].flatMap((n) => [true, false].map((minor) => [gender, minor, n]))),
  ["A-12", "full", "Room 12"],
  [saying({}, NAMES)],
  [saying(FACTS, NAMES)],
  [saying({ ...FACTS, band: "1-2", regime: "admission", age_max: null, spare: 1, more: 1, features: [] }, NAMES)],
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

/**
 * What the glossary calls otherwise: unit is unité and afdeling, board tableau and bord, report relevé and opgave, hold
 * retenue and reservering, place place and opvangplaats (plaats for short).
 */
const OTHERWISE: Record<keyof typeof DICTIONARIES, RegExp[]> = {
  en: [/\bwards?\b/i, /\bdashboards?\b/i, /\bbookings?\b/i, /\breservations?\b/i, /\bdeclarations?\b/i],
  fr: [/\bservices? d’hébergement\b/i, /\btableaux? de bord\b/i, /\brapports?\b/i, /\bdéclarations?\b/i, /réservation/i, /\bentité/i],
  nl: [/\beenhe(id|den)\b/i, /\bunits?\b/i, /dashboard/i, /\brapport/i, /\bmelding/i, /\baangifte/i, /\bboeking/i, /\bretentie/i, /\bslaapplaats/i],
};

/** Where each must stand, whatever the sentence around it: its key, and the word of each language. */
const HELD: [path: string, en: RegExp, fr: RegExp, nl: RegExp][] = [
  ["home.board", /^Board$/, /^Tableau$/, /^Bord$/],
  ["home.myUnits", /units/, /unités/, /afdelingen/],
  ["common.statuses.awaiting-report", /\breport$/, /\brelevé$/, /\bopgave$/],
  ["common.flags.overcommitted", /held/, /retenues/, /gereserveerd/],
  ["watch.columns.unit", /^Unit$/, /^Unité$/, /^Afdeling$/],
  ["watch.columns.held", /^Held$/, /^Retenues$/, /^Gereserveerd$/],
  ["watch.noMatch", /\bunit\b/, /\bunité /, /\bafdeling\b/],
  ["watch.details.operator", /^Operator$/, /^Opérateur$/, /^Operator$/],
  ["watch.details.party", /^Household$/, /^Ménage$/, /^Huishouden$/],
  ["shelter.title", /units/, /unités/, /afdelingen/],
  ["shelter.closed", /^This unit/, /^Cette unité .* la /, /^Deze afdeling .* ze /],
  ["shelter.result.newer", /\breport\b/, /^Un relevé/, /^Een nieuwere opgave/],
];

describe.each(Object.keys(DICTIONARIES) as (keyof typeof DICTIONARIES)[])("the words in %s", (language) => {
  const said = sentences(DICTIONARIES[language], language);

  it("are there", () => expect(said.length).toBeGreaterThan(250));

  it.each(NEVER[language])("never say %s", (word) => {
    expect(said.filter(([, sentence]) => word.test(sentence))).toEqual([]);
  });

  it.each(OTHERWISE[language])("keep to the glossary, and do not say %s", (word) => {
    expect(said.filter(([, sentence]) => word.test(sentence))).toEqual([]);
  });

  it.each(HELD)("have the glossary's word at %s", (path, en, fr, nl) => {
    const found = said.filter(([at]) => at === `${language}.${path}`);
    expect(found.map(([, sentence]) => sentence)).toEqual([expect.stringMatching({ en, fr, nl }[language])]);
  });

  it("leave nothing empty", () => {
    expect(said.filter(([, sentence]) => sentence.trim() === "")).toEqual([]);
  });
});

it("counts units with the glossary's word, one or many", () => {
  expect([1, 2].map((n) => watchNl.shown(n, n))).toEqual(["1 afdeling", "2 afdelingen"]);
  expect([1, 2].map((n) => watchFr.shown(n, n))).toEqual(["1 unité", "2 unités"]);
  expect(shelterNl.unchangedAll(3)).toContain("deze 3 afdelingen");
});

it("names people as people in each language", () => {
  expect(homeEn.lead).toContain("people seeking shelter");
  expect(homeFr.lead).toContain("personnes en recherche d’hébergement");
  expect(homeNl.lead).toContain("mensen die opvang zoeken");
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

it("joins names and times as each language does", () => {
  expect(["Ixelles", "Évere", "Jette"].map(deskFr.household.near)).toEqual(["près d’Ixelles", "près d’Évere", "près de Jette"]);
  expect(["20:00", "sam. 12:00", "5 déc., 12:00"].map(deskFr.queue.paused)).toEqual([
    "en pause jusqu’à 20:00",
    "en pause jusqu’à sam. 12:00",
    "en pause jusqu’au 5 déc., 12:00",
  ]);
  expect(["03:15", "za 03:15"].map(deskNl.queue.expiring)).toEqual(["vervalt om 03:15", "vervalt: za 03:15"]);
  expect(["0", "1", "2"].map((n) => asideFr.report.submit(n, "Nuit"))).toEqual([0, 1, 2].map((n) => `Enregistrer\u00a0: ${n} libre${n < 2 ? "" : "s"}, Nuit`));
  const alone = saying({ need: 3, band: "" }, NAMES);
  expect(reasonsFr.blockers["no-places"](alone)).toBe("trop peu de places disponibles, il en faut 3");
  expect(reasonsNl.blockers.age(alone)).toBe("de toegelaten leeftijd is niet bekend");
});
