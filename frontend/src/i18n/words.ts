/** The words that every screen needs; a screen's own stand beside it. */

import { en } from "./common/en";
import { fr } from "./common/fr";
import { nl } from "./common/nl";
import { language } from "./language.svelte";

const COMMON = { en, fr, nl };

/** Read inside a component or a derived value: it follows the language. */
export const common = () => COMMON[language.current];
