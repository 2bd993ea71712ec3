/** Who is logged in on this screen. The cookie is the session; here is only what it answers to. */

import { ApiProblem, Client } from "../api/client";
import type { Principal } from "../api/types";
import { language } from "../i18n/language.svelte";
import { forget } from "../live/keeping";

export const client = new Client(() => language.current);

/** Somebody was signed in at the last contact; who, and whether they still are, nobody can be asked now. */
const REMEMBERED: Principal = { id: "", role: "staff" };

class Session {
  /** Undefined until the server has said. */
  principal = $state.raw<Principal | null | undefined>(undefined);
  /** It was there, and is no more: the person should know why they are asked again. */
  lost = $state(false);

  async look(): Promise<Principal | null> {
    try {
      this.#is(await client.currentSession());
    } catch (failure) {
      if (!(failure instanceof ApiProblem)) throw failure;
      this.end();
    }
    return this.principal ?? null;
  }

  /** Until the server can be asked again. */
  remember(): void {
    if (this.principal === undefined) this.principal = REMEMBERED;
  }

  get remembered(): boolean {
    return this.principal === REMEMBERED;
  }

  async begin(login: string, password: string): Promise<void> {
    this.#is(await client.logIn(login, password));
    this.lost = false;
  }

  /** Nothing of what was seen stays on the device, also where the server does not answer. */
  async leave(): Promise<void> {
    await forget("board", "told");
    await client.logOut().catch((failure: unknown) => {
      if (!(failure instanceof ApiProblem && failure.status === 401)) throw failure; // it had ended already
    });
    this.principal = null;
    this.lost = false;
  }

  end(): void {
    if (this.principal) this.lost = true;
    this.principal = null;
    void forget("board");
  }

  #is(principal: Principal): void {
    this.principal = principal;
    language.begin(principal.language).catch(() => undefined); // it goes on in the language it has
  }
}

export const session = new Session();
