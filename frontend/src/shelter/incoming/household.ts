/** Who comes, in words that put the person first: how many, of what age, how they belong together. Pure. */

import type { AgeBand, Member, Needs } from "../../api/orientation";
import type { IncomingWords } from "../../i18n/incoming/en";

export type Who = "woman" | "man" | "person" | "girl" | "boy" | "child";

const MINORS: readonly AgeBand[] = ["0-2", "3-11", "12-17"];

export function whoIs({ age, gender }: Member): Who {
  const minor = MINORS.includes(age);
  if (gender === "woman") return minor ? "girl" : "woman";
  if (gender === "man") return minor ? "boy" : "man";
  return minor ? "child" : "person";
}

/** Those of whom the same is known are counted together, in the order in which they were named. */
export function sayParty(party: readonly Member[], words: IncomingWords): string {
  const groups = new Map<string, { member: Member; n: number }>();
  for (const member of party) {
    const key = JSON.stringify([whoIs(member), member.age, sayRelation(member, words)]);
    groups.set(key, { member, n: (groups.get(key)?.n ?? 0) + 1 });
  }
  const said = [...groups.values()].map(({ member, n }) => {
    const relation = sayRelation(member, words);
    return `${words.who(n, whoIs(member))} ${words.aged[member.age]}${relation && ` (${relation})`}`;
  });
  return said.length > 1 ? words.people(party.length, said.join(", ")) : said.join();
}

/** That a child is somebody's child need not be said. */
function sayRelation({ age, relation }: Member, words: IncomingWords): string {
  return relation === "self" || (relation === "child" && MINORS.includes(age)) ? "" : words.relations[relation];
}

/** What is to be ready when they come. Where they would like to be, and away from whom, is the desk's to know. */
export function sayNeeds(
  { step_free, medical_care, tolerance, languages, pets, together }: Needs,
  several: boolean,
  words: IncomingWords["needs"],
  languageName: (code: string) => string,
): string {
  return [
    step_free && words.step_free,
    medical_care && words.medical_care,
    tolerance && words.tolerance[tolerance],
    pets > 0 && words.pets(pets),
    several && together && words.together,
    languages.length > 0 && words.speak(languages.map(languageName).join(", ")),
  ]
    .filter(Boolean)
    .join(", ");
}
