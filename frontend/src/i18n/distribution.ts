/** The words of the draw and the plan, fetched with their panels. */

import type { DistributionWords } from "./distribution/en";
import { language } from "./language.svelte";

export const distributionWords = language.area<DistributionWords>({
  fr: async () => (await import("./distribution/fr")).fr,
  nl: async () => (await import("./distribution/nl")).nl,
  en: async () => (await import("./distribution/en")).en,
});
