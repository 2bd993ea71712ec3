/** What this page is saying to the server, until it is answered: one at a time of each kind, under an id of its own. */

import { ApiProblem } from "../api/client";
import { insist, isUnknown } from "./insisting";

export type Attempt =
  | { state: "sending" }
  /** Said again, under the same id. */
  | { state: "unknown" }
  | { state: "gave-up"; again: () => void }
  | { state: "refused"; why: string; slug: string };

export class Acts {
  attempts = $state.raw<ReadonlyMap<string, Attempt>>(new Map());
  #signedOut: () => void;

  constructor(signedOut: () => void) {
    this.#signedOut = signedOut;
  }

  /** Whether nothing of this kind is on its way: a second press does not say it twice. */
  isBusy(key: string): boolean {
    const state = this.attempts.get(key)?.state;
    return state === "sending" || state === "unknown";
  }

  /** A refusal has been read; what is on its way, or may be said again, stays. */
  forgetRefusal(key: string): void {
    if (this.attempts.get(key)?.state === "refused") this.clear(key);
  }

  clear(key: string): void {
    this.#set(key, null);
  }

  /** `done` takes the answer, whenever it comes; `refused` may take a refusal as its own, and is then alone with it. */
  async run<T>(
    key: string,
    send: () => Promise<T>,
    done: (answer: T) => void,
    refused: (problem: ApiProblem) => boolean = () => false,
  ): Promise<void> {
    if (this.isBusy(key)) return;
    this.#set(key, { state: "sending" });
    try {
      const answer = await insist(send, () => this.#set(key, { state: "unknown" }));
      this.#set(key, null);
      done(answer);
    } catch (failure) {
      if (isUnknown(failure)) {
        this.#set(key, { state: "gave-up", again: () => void this.run(key, send, done, refused) });
      } else if (failure instanceof ApiProblem) {
        this.#refused(key, failure, refused(failure));
      } else throw failure;
    }
  }

  #refused(key: string, problem: ApiProblem, taken: boolean): void {
    if (problem.status === 401) this.#signedOut();
    this.#set(key, taken ? null : { state: "refused", why: problem.detail || problem.title, slug: problem.slug });
  }

  #set(key: string, attempt: Attempt | null): void {
    const next = new Map(this.attempts);
    if (attempt === null) next.delete(key);
    else next.set(key, attempt);
    this.attempts = next;
  }
}
