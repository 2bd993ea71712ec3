/**
 * Following a request by its receipt code, without an account: how it stands, coarsely, and never where.
 *
 * The code may come in the fragment of the page's address, which no browser sends to a server, and is taken out of it: what was
 * visited is remembered by its address. It is in no query and no storage. A reload finds it in the state of the page's place in
 * the tab's history; "another code" takes it away.
 */

import { ApiProblem, type Client } from "../api/client";
import type { Instant } from "../api/types";

export interface Receipt {
  state: "waiting" | "place-held" | "arrived" | "closed";
  asked_at: Instant;
  refreshed_at: Instant;
  expires_at: Instant | null;
}

/** `often`: too many tries from here, for now. */
export type Failure = "wrong" | "often" | "over" | "unreachable";
const FAILURES: Record<number, Failure> = { 409: "over", 429: "often" };

/** As it is read aloud or copied: spaces do not matter. */
export const codeFrom = (text: string): string => text.replaceAll(/\s/g, "");

const TRIES_AGAIN_S = 60;

export class Following {
  code = "";
  receipt: Receipt | null = null;
  failure: Failure | null = null;
  /** After how long it may be tried again. */
  againS = TRIES_AGAIN_S;
  busy = false;
  /** By this device's clock: when the server last answered. */
  lookedAt = 0;
  /** Somebody has just said that they still look for a place. */
  renewed = false;
  #client: Pick<Client, "ask">;
  #changed: () => void;

  constructor(client: Pick<Client, "ask">, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
  }

  /** Whatever the address said. */
  read(fragment: string): Promise<void> {
    return this.follow(decoded(fragment.slice(1)));
  }

  async follow(text: string): Promise<void> {
    this.code = codeFrom(text);
    this.receipt = this.failure = null;
    this.busy = false; // an answer that is still to come is of another code
    if (this.code === "") this.#changed();
    else await this.look();
  }

  look(): Promise<void> {
    return this.#ask("GET", "");
  }

  /** They still look for a place: the request stands longer. One that was closed meanwhile says so itself. */
  async renew(): Promise<void> {
    await this.#ask("POST", "/refresh");
    if (this.failure === "over") await this.look();
  }

  async #ask(method: "GET" | "POST", act: string): Promise<void> {
    const { code } = this;
    this.busy = true;
    this.renewed = false;
    this.#changed();
    const asked = this.#client.ask<Receipt>(method, `/receipts/${encodeURIComponent(code)}${act}`);
    const settle = await asked.then(
      (receipt) => () => this.#found(receipt, method === "POST"),
      (failure: unknown) => () => this.#failed(failure),
    );
    if (code !== this.code) return; // somebody has typed another one meanwhile
    settle();
    this.busy = false;
    this.#changed();
  }

  #found(receipt: Receipt, renewed: boolean): void {
    this.receipt = receipt;
    this.failure = null;
    this.lookedAt = Date.now();
    this.renewed = renewed;
  }

  #failed(failure: unknown): void {
    const problem = failure instanceof ApiProblem && failure.status < 500 ? failure : null;
    this.failure = problem === null ? "unreachable" : (FAILURES[problem.status] ?? "wrong");
    this.againS = Number(problem?.document["retry_after_s"]) || TRIES_AGAIN_S;
    // What was seen stays where only the network is gone; of a wrong code there is nothing to see.
    if (this.failure === "wrong") this.receipt = null;
  }
}

/** An address that was cut in the middle of a sign is a wrong code, and no broken page. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
