/** Something the server knows, and that changes: asked for one question at a time, and again where it changed meanwhile. */

import { ApiProblem } from "../api/client";
import { isUnknown } from "../desk/insisting";
import { session } from "../session/session.svelte";

const AGAIN_MS = 3_000;

export class Fetched<T> {
  value = $state.raw<T | null>(null);
  /** The last answer did not come, or was a refusal: what is shown is older. */
  failed = $state.raw<{ why: string } | null>(null);
  #ask: () => Promise<T>;
  #heard: (value: T) => void;
  #asking = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Number.POSITIVE_INFINITY;
  #ended = false;

  constructor(ask: () => Promise<T>, heard: (value: T) => void = () => undefined) {
    this.#ask = ask;
    this.#heard = heard;
  }

  /** At the latest in so many milliseconds: a later wish does not put off an earlier one. */
  within(ms: number): void {
    const due = performance.now() + ms;
    if (this.#ended || due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(), ms);
  }

  now(): void {
    this.within(0);
  }

  rest(): void {
    clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
  }

  end(): void {
    this.#ended = true;
    this.rest();
  }

  async #load(): Promise<void> {
    this.#due = Number.POSITIVE_INFINITY;
    if (this.#asking) return void (this.#again = true);
    this.#asking = true;
    try {
      this.value = await this.#ask();
      this.failed = null;
      this.#heard(this.value);
    } catch (failure) {
      this.#failed(failure);
    } finally {
      this.#asking = false;
    }
    if (this.#again) this.now();
    this.#again = false;
  }

  #failed(failure: unknown): void {
    if (isUnknown(failure)) {
      this.failed = { why: "" };
      this.within(AGAIN_MS);
    } else if (failure instanceof ApiProblem) {
      if (failure.status === 401) session.end();
      this.failed = { why: failure.detail || failure.title };
    } else throw failure;
  }
}
