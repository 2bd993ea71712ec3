/** The words of the reporting page. */

import type { ShelterWords } from "./shelter/en";
import { language } from "./language.svelte";

export const shelterWords = language.area<ShelterWords>({
  fr: async () => (await import("./shelter/fr")).fr,
  nl: async () => (await import("./shelter/nl")).nl,
  en: async () => (await import("./shelter/en")).en,
});
