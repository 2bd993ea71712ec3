/**
 * Sending reports, and being honest about what became of them (I1, I10).
 *
 * A report gets its id before it is first sent. No answer means unknown, never failed: the same report goes out
 * again under the same id until something answers, or a newer one about the same unit takes its place.
 */

import { ApiProblem, NotAnswered, type Client } from "../api/client";
import { newId } from "../api/ids";
import type { ExactUnit, Outcome, ReportAnswer, ReportBody, ReportLine } from "../api/types";
import { reportOf } from "./report";

export type Attempt =
  | { state: "sending" | "unknown" | "busy" | "signed-out"; report: string; said: ReportLine }
  | { state: "settled"; outcome: Outcome; said: ReportLine; unit: ExactUnit }
  | { state: "moved"; now: ExactUnit; said: ReportLine }
  | { state: "refused"; title: string; detail: string };

interface Pending {
  id: string;
  body: Omit<ReportBody, "sent_at">;
  /** The units whose latest report this is. */
  speaksFor: Set<string>;
  tries: number;
  flying: boolean;
  /** A try went without an answer: whatever a later one says, this report may already be recorded. */
  doubtful: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

type Unsettled = "sending" | "unknown" | "busy" | "signed-out";

const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 20_000;

export class Reporting {
  attempts = $state.raw<Readonly<Record<string, Attempt>>>({});
  #pending = new Map<string, Pending>();
  #client: Client;
  #took: (units: ExactUnit[]) => void;
  #signedOut: () => void;

  constructor(client: Client, took: (units: ExactUnit[]) => void, signedOut: () => void) {
    this.#client = client;
    this.#took = took;
    this.#signedOut = signedOut;
  }

  get unsettled(): boolean {
    return Object.values(this.attempts).some((attempt) => "report" in attempt);
  }

  send(lines: ReportLine[], units: ExactUnit[]): void {
    const pending: Pending = {
      id: newId(),
      body: reportOf(lines, units, Date.now()),
      speaksFor: new Set(lines.map((line) => line.unit)),
      tries: 0,
      flying: false,
      doubtful: false,
      timer: undefined,
    };
    for (const unit of pending.speaksFor) this.#supersede(unit);
    this.#pending.set(pending.id, pending);
    void this.#attempt(pending);
  }

  /** Everything that is still unknown goes out again, at once. */
  retry(): void {
    for (const pending of this.#pending.values()) {
      if (pending.flying) continue;
      clearTimeout(pending.timer);
      void this.#attempt(pending);
    }
  }

  dismiss(unit: string): void {
    if ("report" in (this.attempts[unit] ?? {})) return;
    this.#set({ [unit]: undefined });
  }

  async #attempt(pending: Pending): Promise<void> {
    pending.flying = true;
    pending.tries += 1;
    if (!pending.doubtful) this.#mark(pending, "sending");
    try {
      const body = { ...pending.body, sent_at: new Date().toISOString() };
      const answer = await this.#client.report(pending.id, body);
      pending.flying = false;
      this.#settle(pending, answer);
    } catch (failure) {
      this.#failed(pending, failure);
    }
  }

  #settle(pending: Pending, answer: ReportAnswer): void {
    this.#took(answer.units.map((line) => line.state));
    this.#done(pending, (said) => {
      const line = answer.units.find((candidate) => candidate.unit === said.unit);
      if (line === undefined) return undefined;
      return { state: "settled", outcome: line.outcome, said, unit: line.state };
    });
  }

  #failed(pending: Pending, failure: unknown): void {
    pending.flying = false;
    if (failure instanceof ApiProblem) this.#refused(pending, failure);
    else if (failure instanceof NotAnswered) this.#again(pending, "unknown");
    else throw failure;
  }

  #refused(pending: Pending, problem: ApiProblem): void {
    if (problem.status === 401) {
      this.#again(pending, "signed-out");
      return this.#signedOut();
    }
    if (problem.slug === "busy" || problem.status === 429) return this.#again(pending, "busy");
    if (problem.status >= 500) return this.#again(pending, "unknown");
    if (problem.slug === "changed-meanwhile") return this.#moved(pending, problem);
    this.#done(pending, () => ({ state: "refused", title: problem.title, detail: problem.detail }));
  }

  /** All units or none: the ones that did not move were not recorded either. */
  #moved(pending: Pending, problem: ApiProblem): void {
    const states = (problem.document["units"] ?? []) as ExactUnit[];
    this.#took(states);
    this.#done(pending, (said) => {
      const now = states.find((state) => state.id === said.unit);
      if (now !== undefined) return { state: "moved", now, said };
      return { state: "refused", title: problem.title, detail: problem.detail };
    });
  }

  #again(pending: Pending, state: Unsettled): void {
    if (pending.speaksFor.size === 0) return void this.#pending.delete(pending.id);
    pending.doubtful ||= state === "unknown";
    this.#mark(pending, pending.doubtful && state === "busy" ? "unknown" : state);
    if (state === "signed-out") return; // until somebody has signed in: see retry()
    const bound = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (pending.tries - 1));
    pending.timer = setTimeout(() => void this.#attempt(pending), bound / 2 + (Math.random() * bound) / 2);
  }

  #mark(pending: Pending, state: Unsettled): void {
    this.#forUnits(pending, (said) => ({ state, report: pending.id, said }));
  }

  #done(pending: Pending, outcome: (said: ReportLine) => Attempt | undefined): void {
    this.#pending.delete(pending.id);
    this.#forUnits(pending, outcome);
  }

  #forUnits(pending: Pending, attempt: (said: ReportLine) => Attempt | undefined): void {
    const lines = pending.body.units.filter((line) => pending.speaksFor.has(line.unit));
    this.#set(Object.fromEntries(lines.map((line) => [line.unit, attempt(line)])));
  }

  /** A newer report of the unit is about to go out: the older one need not be sent again for it. */
  #supersede(unit: string): void {
    for (const older of this.#pending.values()) {
      older.speaksFor.delete(unit);
      if (older.speaksFor.size > 0 || older.flying) continue;
      clearTimeout(older.timer);
      this.#pending.delete(older.id);
    }
    this.#set({ [unit]: undefined });
  }

  #set(changes: Record<string, Attempt | undefined>): void {
    const next: Record<string, Attempt> = { ...this.attempts };
    for (const [unit, attempt] of Object.entries(changes)) {
      if (attempt === undefined) delete next[unit];
      else next[unit] = attempt;
    }
    this.attempts = next;
  }
}
