/** The words of the list of who is coming, fetched with it. */

import type { IncomingWords } from "./incoming/en";
import { language } from "./language.svelte";

export const incomingWords = language.area<IncomingWords>({
  fr: async () => (await import("./incoming/fr")).fr,
  nl: async () => (await import("./incoming/nl")).nl,
  en: async () => (await import("./incoming/en")).en,
});
