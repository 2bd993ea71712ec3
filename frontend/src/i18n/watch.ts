import { en } from "./watch/en";
import { fr } from "./watch/fr";
import { nl } from "./watch/nl";
import { language } from "./language.svelte";

const WATCH = { en, fr, nl };

export const watchWords = () => WATCH[language.current];
