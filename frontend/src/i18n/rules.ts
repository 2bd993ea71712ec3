/** The words of the rules of orientation, fetched with their panels. */

import type { RulesWords } from "./rules/en";
import { language } from "./language.svelte";

export const rulesWords = language.area<RulesWords>({
  fr: async () => (await import("./rules/fr")).fr,
  nl: async () => (await import("./rules/nl")).nl,
  en: async () => (await import("./rules/en")).en,
});
