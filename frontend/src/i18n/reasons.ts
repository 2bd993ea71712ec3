/** The sentences of matching's codes: what blocks, what must be asked, what would change it, what the points are for. */

import type { ReasonWords } from "./reasons/en";
import { language } from "./language.svelte";

export const reasonWords = language.area<ReasonWords>({
  fr: async () => (await import("./reasons/fr")).fr,
  nl: async () => (await import("./reasons/nl")).nl,
  en: async () => (await import("./reasons/en")).en,
});
