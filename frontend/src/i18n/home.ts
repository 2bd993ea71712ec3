/** The words of the start page. */

import type { HomeWords } from "./home/en";
import { language } from "./language.svelte";

export const homeWords = language.area<HomeWords>({
  fr: async () => (await import("./home/fr")).fr,
  nl: async () => (await import("./home/nl")).nl,
  en: async () => (await import("./home/en")).en,
});
