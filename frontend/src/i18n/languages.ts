/** The languages of the screens. French and Dutch by law, English as the third working language. */

export type Language = "fr" | "nl" | "en";

export const LANGUAGES: readonly Language[] = ["fr", "nl", "en"];

export const LANGUAGE_NAMES: Record<Language, string> = { fr: "Français", nl: "Nederlands", en: "English" };

export const isLanguage = (value: unknown): value is Language => LANGUAGES.includes(value as Language);

/** The first of the wishes that we speak; French where there is none. */
export function chooseLanguage(wishes: readonly (string | null | undefined)[]): Language {
  for (const wish of wishes) {
    const tag = wish?.slice(0, 2).toLowerCase();
    if (isLanguage(tag)) return tag;
  }
  return "fr";
}
