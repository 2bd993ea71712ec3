/** Rules in the words of the page. */

import { deskWords } from "../../i18n/desk";
import { rulesWords } from "../../i18n/rules";
import { sharingWords } from "../../i18n/sharing";
import type { Places } from "../../desk/places.svelte";
import type { Group, Match } from "../shapes";
import { unitOf, UNITS, type Leaf } from "./rules";

export function sayMatch({ urgency, parties, turned_away }: Match): string {
  const w = rulesWords();
  const { groups } = sharingWords();
  const urgencies = deskWords().urgencies;
  const parts = [
    urgency.map((one) => urgencies[one]).join(w.or),
    parties.map((one) => groups[one]).join(w.or),
    turned_away ? w.turnedAway : "",
  ].filter(Boolean);
  return parts.length === 0 ? w.everybody : parts.join(w.and);
}

export function saySeconds(seconds: number): string {
  const unit = unitOf(seconds);
  return rulesWords().span[unit](seconds / UNITS[unit]);
}

/** A rule by its path, as the page calls it; the path itself where the page does not know it. */
export function sayField(field: string, places: Places): string {
  const w = rulesWords();
  const { groups } = sharingWords();
  const [area = "", name = "", group = ""] = field.split(".");
  const within = (section: string, text: string | undefined) => (text === undefined ? field : `${section}, ${text}`);
  if (area === "weights") return within(w.sections.weights, (w.weights as Record<string, string>)[name]);
  if (area === "night" || area === "admission") return within(w.sections[area], (w.times as Record<string, string>)[name]);
  if (area === "shelter_hold_ttl_s") return within(w.sections.shelters, places.shelterName(name));
  if (area === "barred_nights") return w.barred;
  if (name.startsWith("tiers")) return w.sections.tiers;
  if (name === "floors") return within(w.sections.floors, groups[group as Group]);
  if (area === "plan") return within(w.sections.points, (w.planPoints as Record<string, string>)[name]);
  if (area === "draw") return within(w.sections.draw, name.startsWith("strata") ? w.strata : w.tickets);
  return field;
}

const isTime = (field: string): boolean => /^(night|admission|shelter_hold_ttl_s)\./.test(field);

export function sayValue(field: string, value: Leaf | unknown): string {
  const w = rulesWords();
  if (value === null || value === undefined) return w.nothing;
  if (Number.isNaN(value)) return "?";
  if (typeof value === "number") return isTime(field) ? saySeconds(value) : String(value);
  if (!Array.isArray(value)) return JSON.stringify(value);
  if (value.length === 0) return w.nothing;
  return value
    .map((one: Match | { match: Match; tickets: number }) => ("match" in one ? `${one.tickets} × ${sayMatch(one.match)}` : sayMatch(one)))
    .join("; ");
}
