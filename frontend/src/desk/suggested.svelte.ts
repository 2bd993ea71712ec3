/** Where households could go, as the server last said: of the request that is open, and of those that came back. */

import { ApiProblem } from "../api/client";
import type { Suggestion, Suggestions } from "../api/orientation";
import { isUnknown } from "./insisting";

const LIMIT = 20;
/** The board changes all the time; a list that somebody reads need not. */
const PAUSE_MS = 3_000;

export class Suggested {
  got = $state.raw<ReadonlyMap<string, Suggestions>>(new Map());
  #fetch: (request: string, limit: number, all: boolean) => Promise<Suggestions>;
  #on = new Set<string>();
  #again = new Set<string>();
  /** Of these somebody wants to know why not of every other unit. */
  #whole = new Set<string>();
  #at = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(fetch: (request: string, limit: number, all: boolean) => Promise<Suggestions>) {
    this.#fetch = fetch;
  }

  /** Now, and once more where it is asked for while an answer is on its way. */
  async load(request: string, all = false): Promise<void> {
    if (all) this.#whole.add(request);
    if (this.#on.has(request)) return void this.#again.add(request);
    this.#on.add(request);
    this.#at.set(request, performance.now());
    try {
      this.#put(request, await this.#fetch(request, LIMIT, this.#whole.has(request)));
    } catch (failure) {
      // What stands there stays, with its age; a request that is closed or gone has none.
      if (isUnknown(failure)) this.soon(request);
      else if (failure instanceof ApiProblem && (failure.status === 404 || failure.status === 409)) this.drop(request);
    } finally {
      this.#on.delete(request);
    }
    if (this.#again.delete(request)) void this.load(request);
  }

  /** Something on the board has changed. */
  soon(request: string): void {
    clearTimeout(this.#timer);
    const wait = (this.#at.get(request) ?? 0) + PAUSE_MS - performance.now();
    this.#timer = setTimeout(() => void this.load(request), Math.max(0, wait));
  }

  /** What came with a refusal: the place was taken, and these are free. */
  instead(request: string, alternatives: Suggestion[]): void {
    const known = this.got.get(request);
    if (known !== undefined) this.#put(request, { ...known, suggestions: alternatives });
    void this.load(request);
  }

  drop(request: string): void {
    const next = new Map(this.got);
    next.delete(request);
    this.got = next;
  }

  rest(): void {
    clearTimeout(this.#timer);
  }

  #put(request: string, answer: Suggestions): void {
    this.got = new Map(this.got).set(request, answer);
  }
}
