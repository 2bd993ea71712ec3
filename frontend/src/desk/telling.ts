/** A household and what it needs, in the words of the page. */

import type { Member, Needs } from "../api/orientation";
import { languageName } from "../i18n/format";
import { deskWords } from "../i18n/desk";
import { language } from "../i18n/language.svelte";
import { groupsOf, isMinor } from "./party";
import type { Places } from "./places.svelte";

export function sayParty(party: readonly Member[]): string {
  const words = deskWords();
  const members = groupsOf(party).map(({ gender, age, n }) => `${words.people(gender, isMinor(age), n)} ${words.ages[age]}`);
  return words.party(party.length, members.join(", "));
}

/** Only what is needed: what is not said would fill the page, and help nobody. */
export function sayNeeds(needs: Needs, size: number, places: Places): string[] {
  const words = deskWords().household;
  const spoken = needs.languages.map((code) => languageName(language.current, code)).join(", ");
  const away = [
    ...needs.away_from.shelters.map((id) => places.shelterName(id)),
    ...needs.away_from.communes.map((code) => places.commune(code)),
  ];
  return [
    needs.step_free ? words.stepFree : "",
    needs.medical_care ? words.medical : "",
    needs.pets > 0 ? words.pets(needs.pets) : "",
    needs.tolerance === null ? "" : words.tolerances[needs.tolerance],
    needs.together && size > 1 ? words.together : "",
    needs.near === null ? "" : words.near(places.commune(needs.near)),
    spoken === "" ? "" : words.speaks(spoken),
    away.length === 0 ? "" : words.away(away.join(", ")),
  ].filter(Boolean);
}
