/**
 * The language that this screen speaks, and its words. Only that language's dictionaries are fetched.
 *
 * The choice is kept in the browser: it is not about people.
 */

import { chooseLanguage, type Language } from "./languages";

const KEY = "halte.language";

type Fetch<W> = Record<Language, () => Promise<W>>;

class Speech {
  #current = $state<Language>("fr");
  #fetched = new Map<Fetch<unknown>, unknown>();
  #areas: Fetch<unknown>[] = [];

  get current(): Language {
    return this.#current;
  }

  /**
   * Registers a dictionary, and returns how to read it. Read inside a component or a derived value, it follows the
   * language; before `begin` has resolved there are no words yet.
   */
  area<W>(fetch: Fetch<W>): () => W {
    this.#areas.push(fetch);
    return () => {
      void this.#current;
      return this.#fetched.get(fetch) as W;
    };
  }

  /** Rejects where the words cannot be had; the language then stays as it was. */
  async choose(language: Language, keep = true): Promise<void> {
    const words = await Promise.all(this.#areas.map((fetch) => fetch[language]()));
    this.#areas.forEach((fetch, place) => this.#fetched.set(fetch, words[place]));
    this.#current = language;
    document.documentElement.lang = language;
    if (keep) attempt(() => localStorage.setItem(KEY, language));
  }

  /** An account's language counts where nobody has chosen one on this device. */
  async begin(account?: string | null): Promise<void> {
    const kept = attempt(() => localStorage.getItem(KEY));
    const language = chooseLanguage([kept, account, ...navigator.languages]);
    if (language !== this.#current || this.#fetched.size === 0) await this.choose(language, false);
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

export const language = new Speech();
