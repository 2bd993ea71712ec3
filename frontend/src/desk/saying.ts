/** The facts of a code, as its sentence needs them; what is not there is told as not there. And codes into sentences. */

import type { Coded, Facts, Term } from "../api/orientation";
import type { Admits } from "../api/types";
import { dayAndTime, languageName } from "../i18n/format";
import type { Language } from "../i18n/languages";
import type { ReasonWords } from "../i18n/reasons/en";

export interface Says {
  number(key: string): number | null;
  /** Empty where there is none, like all that follow. */
  text(key: string): string;
  time(key: string): string;
  /** Of an hour of the day, as "22:30:00". */
  hour(key: string): string;
  km(key: string): string;
  commune(key: string): string;
  languages(key: string): string;
  list(key: string): string[];
  audience(): string;
  declined(): string;
}

/** What a sentence may ask its page for. */
export interface Names {
  language: Language;
  nowMs: number;
  commune(code: string): string;
  audiences: Record<Admits, string>;
  declines: Record<string, string>;
  or: string;
}

export const decimal = (language: Language, km: number): string => km.toFixed(1).replace(".", language === "en" ? "." : ",");

export function saying(facts: Facts, names: Names): Says {
  const number = (key: string) => (typeof facts[key] === "number" ? (facts[key] as number) : null);
  const text = (key: string) => (typeof facts[key] === "string" ? (facts[key] as string) : "");
  const list = (key: string) => (Array.isArray(facts[key]) ? (facts[key] as unknown[]).map(String) : []);
  const at = (key: string, say: (instant: string) => string) => (text(key) === "" ? "" : say(text(key)));
  return {
    number,
    text,
    list,
    time: (key) => at(key, (instant) => dayAndTime(names.language, instant, names.nowMs)),
    hour: (key) => text(key).slice(0, 5),
    km: (key) => (number(key) === null ? "" : decimal(names.language, number(key)!)),
    commune: (key) => at(key, names.commune),
    languages: (key) => list(key).map((code) => languageName(names.language, code)).join(", "),
    audience: () => list("audience").map((group) => names.audiences[group as Admits] ?? group).join(names.or),
    declined: () => names.declines[text("reason")] ?? "",
  };
}

/** A code that this page does not know yet is said to be one: nothing is left out in silence. */
export function sayCode(kind: "blockers" | "asks" | "changes", { code, facts }: Coded, words: ReasonWords, names: Names): string {
  const sentences = words[kind] as Record<string, (f: Says) => string>;
  return sentences[code]?.(saying(facts, names)) ?? `${words.unknown} (${code})`;
}

export function sayTerm({ term, facts }: Term, words: ReasonWords, names: Names): string {
  const sentences = words.terms as Record<string, (f: Says) => string>;
  return sentences[term]?.(saying(facts, names)) ?? term;
}

