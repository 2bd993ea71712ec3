/** Numbers, times and dates, as they are written here in each language. */

import type { Language } from "./languages";

const LOCALES: Record<Language, string> = { fr: "fr-BE", nl: "nl-BE", en: "en-GB" };

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(language: Language, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${name}`;
  let found = cache.get(key);
  if (found === undefined) cache.set(key, (found = new Intl.DateTimeFormat(LOCALES[language], options)));
  return found;
}

export function clockTime(language: Language, instant: string | number): string {
  return formatter(language, "time", { hour: "2-digit", minute: "2-digit" }).format(new Date(instant));
}

const HALF_DAY_MS = 12 * 3_600_000;

/** The day too, where the time alone could be taken for another one's. */
export function dayAndTime(language: Language, instant: string | number, nowMs: number): string {
  const then = new Date(instant);
  const apart = Math.abs(then.getTime() - nowMs);
  if (apart < HALF_DAY_MS) return clockTime(language, instant);
  // Past a week the weekday alone would name another day.
  const day = apart < 12 * HALF_DAY_MS ? ({ weekday: "short" } as const) : ({ day: "numeric", month: "short" } as const);
  return formatter(language, Object.keys(day).join(), { ...day, hour: "2-digit", minute: "2-digit" }).format(then);
}

/** A service night runs from noon to noon, so it has two dates. */
export function nightDates(language: Language, night: string): string {
  const first = new Date(`${night}T12:00:00Z`);
  const second = new Date(first.getTime() + 24 * 3600 * 1000);
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "long", timeZone: "UTC" };
  return formatter(language, "night", options).formatRange(first, second);
}

export function compareNames(language: Language): (a: string, b: string) => number {
  return new Intl.Collator(LOCALES[language], { numeric: true }).compare;
}

export function languageName(language: Language, code: string): string {
  try {
    return new Intl.DisplayNames([LOCALES[language]], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
