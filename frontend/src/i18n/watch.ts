/** The words of the board. */

import type { WatchWords } from "./watch/en";
import { language } from "./language.svelte";

export const watchWords = language.area<WatchWords>({
  fr: async () => (await import("./watch/fr")).fr,
  nl: async () => (await import("./watch/nl")).nl,
  en: async () => (await import("./watch/en")).en,
});
