import { en } from "./shelter/en";
import { fr } from "./shelter/fr";
import { nl } from "./shelter/nl";
import { language } from "./language.svelte";

const SHELTER = { en, fr, nl };

export const shelterWords = () => SHELTER[language.current];
