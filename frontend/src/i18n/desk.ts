/** The words of the desk's page. */

import type { DeskWords } from "./desk/en";
import { language } from "./language.svelte";

export const deskWords = language.area<DeskWords>({
  fr: async () => (await import("./desk/fr")).fr,
  nl: async () => (await import("./desk/nl")).nl,
  en: async () => (await import("./desk/en")).en,
});
