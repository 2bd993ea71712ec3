/** The language that this screen speaks. The choice is kept in the browser: it is not about people. */

import { chooseLanguage, type Language } from "./languages";

const KEY = "halte.language";

class Chosen {
  #current = $state<Language>("fr");

  get current(): Language {
    return this.#current;
  }

  set(language: Language, keep = true): void {
    this.#current = language;
    document.documentElement.lang = language;
    if (keep) attempt(() => localStorage.setItem(KEY, language));
  }

  /** An account's language counts where nobody has chosen one on this device. */
  begin(account?: string | null): void {
    const kept = attempt(() => localStorage.getItem(KEY));
    this.set(chooseLanguage([kept, account, ...navigator.languages]), false);
  }
}

/** Storage may be switched off; the page works without. */
function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null;
  }
}

export const language = new Chosen();
