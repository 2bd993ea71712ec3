/** The words of draws, plans and their rules alike, fetched with their panels. */

import type { SharingWords } from "./sharing/en";
import { language } from "./language.svelte";

export const sharingWords = language.area<SharingWords>({
  fr: async () => (await import("./sharing/fr")).fr,
  nl: async () => (await import("./sharing/nl")).nl,
  en: async () => (await import("./sharing/en")).en,
});
