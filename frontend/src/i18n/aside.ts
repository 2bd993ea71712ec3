/** The words of a shelter’s report and the keys, fetched with their panels. */

import type { AsideWords } from "./aside/en";
import { language } from "./language.svelte";

export const asideWords = language.area<AsideWords>({
  fr: async () => (await import("./aside/fr")).fr,
  nl: async () => (await import("./aside/nl")).nl,
  en: async () => (await import("./aside/en")).en,
});
