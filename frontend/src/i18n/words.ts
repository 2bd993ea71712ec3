/** The words that every screen needs; a screen's own stand beside it. */

import type { CommonWords } from "./common/en";
import { language } from "./language.svelte";

export const common = language.area<CommonWords>({
  fr: async () => (await import("./common/fr")).fr,
  nl: async () => (await import("./common/nl")).nl,
  en: async () => (await import("./common/en")).en,
});
