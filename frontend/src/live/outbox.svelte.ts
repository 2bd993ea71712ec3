/**
 * Everything this device has to say, kept until the server has answered it (I1, I10).
 *
 * It is written down with its id before it is sent. No answer means unknown, never failed: the same goes out again under
 * the same id. What is said of one unit goes out in the order it was said. One page at a time sends, whoever said it.
 */

import { ApiProblem, NotAnswered, type Client } from "../api/client";
import { newId } from "../api/ids";
import type { ExactUnit } from "../api/types";
import { store, type Change, type Store } from "./store";
import { inOrder, isCovered, rebased, unitsOf, type Entry, type Told, type Work } from "./work";

/** `elsewhere`: not for the account that is signed in; it waits for a colleague. */
export type Wait = "sending" | "offline" | "unknown" | "busy" | "signed-out" | "elsewhere";
type Answer = Pick<Told, "outcome" | "units" | "why">;

const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 20_000;
/** What is answered later than this is told apart from the unit it is about: the person may have gone on. */
const AT_ONCE_MS = 20_000;
/** A wrong tap can be voided for as long as somebody remembers it. */
const MOVEMENT_KEPT_MS = 12 * 3_600_000;
const ANSWERS_MAX = 50;
const LOCK = "halte.outbox";

export class Outbox {
  entries = $state.raw<readonly Entry[]>([]);
  told = $state.raw<readonly Told[]>([]);
  waits = $state.raw<Readonly<Record<string, Wait>>>({});
  lasting = $state.raw(true);
  /** What this page said, and was answered since. */
  answers = $state.raw<readonly Told[]>([]);
  #client: Client;
  #took: (units: ExactUnit[]) => void;
  #signedOut: () => void;
  #mine = new Set<string>();
  #late = new Set<string>();
  #unwritten = new Map<string, Entry>();
  #channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(LOCK);
  #pumping = false;
  #again = false;
  #reached = true;
  #tries = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: Client, took: (units: ExactUnit[]) => void, signedOut: () => void) {
    this.#client = client;
    this.#took = took;
    this.#signedOut = signedOut;
  }

  /** What an earlier page left unsent, or nobody has seen the answer to. */
  async begin(): Promise<void> {
    if (this.#channel) this.#channel.onmessage = () => void this.#read();
    const kept = await store();
    for (const part of ["told", "outbox"] as const) {
      for (const { id } of await kept.all<{ id: string }>(part)) if (!this.#mine.has(id)) this.#late.add(id);
    }
    await this.#read();
    for (const { id, left } of this.entries) if (left && this.#late.has(id)) this.#wait(id, "unknown");
    const old = this.told.filter(({ seen, answeredAt }) => seen && Date.now() - answeredAt > MOVEMENT_KEPT_MS);
    await this.#write(...old.map(({ id }): Change => ["told", id, undefined]));
    this.retry();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#channel?.close();
    this.#channel = null;
  }

  /** Answers to what was said a while ago, or by a page that is closed: to be read once, and put away. */
  get news(): readonly Told[] {
    return this.told.filter((one) => !one.seen && (this.#late.has(one.id) || !isPrompt(one)));
  }

  /** What an earlier page left, and what this account may not send. */
  get left(): readonly Entry[] {
    return this.entries.filter(({ id }) => this.#late.has(id) || this.waits[id] === "elsewhere");
  }

  add(work: Work, rest: Entry["rest"]): string {
    const now = Date.now();
    const at = Math.max(now, (this.entries.at(-1)?.at ?? 0) + 1);
    // Nothing stands before it: it goes out as soon as it is written down, and need not be written a second time.
    const left = this.entries.length === 0 && !isOffline();
    const entry: Entry = { id: newId(now), at, work, left, rest };
    this.#mine.add(entry.id);
    this.#unwritten.set(entry.id, entry);
    this.entries = [...this.entries, entry];
    this.#wait(entry.id, "sending");
    void this.#keep(entry).then(() => this.#pump());
    return entry.id;
  }

  /** Everything that waits goes out again, at once: somebody else may have signed in. */
  retry(): void {
    this.waits = Object.fromEntries(Object.entries(this.waits).filter(([, wait]) => wait !== "elsewhere"));
    void this.#pump();
  }

  /** Takes back what surely never left; false where it may have. */
  async cancel(id: string): Promise<boolean> {
    return alone(async () => {
      const entry = (await this.#waiting()).find((one) => one.id === id);
      if (entry === undefined || entry.left) return false;
      await this.#write(["outbox", id, undefined]);
      return true;
    });
  }

  /** Somebody has read it: this one, or all. */
  async putAway(id?: string): Promise<void> {
    const read = this.news.filter((one) => id === undefined || one.id === id);
    await this.#write(...read.map((one): Change => ["told", one.id, keptAfter(one)]));
  }

  /** Of no use to anybody: it is for a unit that nobody here may report for. */
  async discard(id: string): Promise<void> {
    await alone(() => this.#write(["outbox", id, undefined]));
  }

  async #keep(entry: Entry): Promise<void> {
    await (await store()).write([["outbox", entry.id, entry]], isOffline() ? "strict" : "relaxed");
    this.#unwritten.delete(entry.id);
    this.#tellOthers();
  }

  async #waiting(): Promise<Entry[]> {
    return inOrder(await (await store()).all<Entry>("outbox"));
  }

  async #write(...changes: Change[]): Promise<void> {
    if (changes.length === 0) return;
    await (await store()).write(changes);
    this.#tellOthers();
    await this.#read();
  }

  /** Other pages of this browser read it too. */
  #tellOthers(): void {
    this.#channel?.postMessage(null);
  }

  async #read(): Promise<void> {
    const kept: Store = await store();
    const [entries, told] = [await kept.all<Entry>("outbox"), await kept.all<Told>("told")];
    const unwritten = [...this.#unwritten.values()].filter(({ id }) => !entries.some((one) => one.id === id));
    this.lasting = kept.lasting;
    this.entries = inOrder([...entries, ...unwritten]);
    this.told = inOrder(told);
    const answered = told.filter(({ id }) => this.#mine.has(id));
    if (answered.length > 0) await this.#answered(answered);
  }

  /** Shown where it was said; nobody has to be told of it again. */
  async #answered(told: Told[]): Promise<void> {
    for (const { id } of told) this.#mine.delete(id);
    this.answers = [...this.answers, ...inOrder(told)].slice(-ANSWERS_MAX);
    await this.#write(...told.filter(isPrompt).map((one): Change => ["told", one.id, keptAfter(one)]));
  }

  async #pump(): Promise<void> {
    this.#again = true;
    if (this.#pumping) return;
    clearTimeout(this.#timer);
    this.#pumping = true;
    let wait = false;
    try {
      while (this.#again) {
        this.#again = false;
        wait = await alone(() => this.#pass());
      }
    } finally {
      this.#pumping = false;
    }
    if (!wait) return void (this.#tries = 0);
    const bound = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.#tries);
    this.#tries += 1;
    this.#timer = setTimeout(() => void this.#pump(), bound / 2 + (Math.random() * bound) / 2);
  }

  /** Sends each of them once, as far as what was said of the same unit before has arrived. Says whether to try again. */
  async #pass(): Promise<boolean> {
    const elsewhere = this.entries.filter(({ id }) => this.waits[id] === "elsewhere");
    const blocked = new Set(elsewhere.flatMap(({ work }) => unitsOf(work)));
    let again = false;
    for (;;) {
      const entries = await this.#waiting();
      const place = entries.findIndex(({ work }) => !unitsOf(work).some((unit) => blocked.has(unit)));
      const entry = entries[place];
      if (entry === undefined) return again;
      if (isCovered(entry, entries.slice(place + 1))) {
        await this.#write(["outbox", entry.id, undefined]);
        continue;
      }
      if (isOffline()) {
        for (const { id, left } of entries) this.#wait(id, left ? "unknown" : "offline");
        return false; // until the device says that it is back
      }
      const wait = await this.#try(entry);
      if (wait === null) continue;
      this.#wait(entry.id, wait);
      for (const unit of unitsOf(entry.work)) blocked.add(unit);
      again ||= wait === "unknown" || wait === "busy";
      if (wait === "signed-out") return false;
      if (!this.#reached) return true;
    }
  }

  /** Null once it is answered. */
  async #try(entry: Entry): Promise<Wait | null> {
    const doubtful = this.waits[entry.id] === "unknown";
    if (!entry.left) await (await store()).write([["outbox", entry.id, (entry = { ...entry, left: true })]]);
    if (!doubtful) this.#wait(entry.id, "sending");
    this.#reached = true;
    try {
      await this.#settle(entry, await this.#ask(entry));
      return null;
    } catch (failure) {
      this.#reached = !(failure instanceof NotAnswered);
      if (!this.#reached) {
        // It may have to wait for long: now it is put on the disk, whatever becomes of the device.
        await (await store()).write([["outbox", entry.id, entry]], "strict");
        return "unknown";
      }
      if (!(failure instanceof ApiProblem)) throw failure;
      const wait = waitAfter(failure);
      if (wait === "signed-out") this.#signedOut();
      if (wait !== null) return doubtful && wait === "busy" ? "unknown" : wait;
      await this.#settle(entry, refusal(failure));
      return null;
    }
  }

  async #ask({ id, work }: Entry): Promise<Answer> {
    const now = Date.now();
    if (work.kind === "report") {
      const answer = await this.#client.report(id, { ...work.body, sent_at: sentAt(work.body.observed_at, now) });
      const outcome = Object.fromEntries(answer.units.map((line) => [line.unit, line.outcome]));
      return { outcome, units: answer.units.map((line) => line.state), why: "" };
    }
    if (work.kind === "act") {
      const { placement, act, reason, free } = work;
      await this.#client.ask("POST", `/placements/${placement}/${act}`, { id, reason, free });
      return { outcome: "recorded", units: [], why: "" };
    }
    const answer =
      work.kind === "void"
        ? await this.#client.voidMovement(work.movement)
        : await this.#client.move(id, { ...work.body, sent_at: sentAt(work.body.occurred_at, now) });
    return { outcome: "recorded", units: [answer.state], why: "" };
  }

  async #settle(entry: Entry, answer: Answer): Promise<void> {
    this.#took(answer.units);
    const { id, at, work } = entry;
    const told: Told = { id, at, work, answeredAt: Date.now(), seen: false, voided: false, ...answer };
    const changes: Change[] = [["outbox", id, undefined], ["told", id, told]];
    if (work.kind === "void" && answer.outcome === "recorded") {
      const moved = this.told.find((one) => one.id === work.movement);
      if (moved) changes.push(["told", moved.id, { ...moved, voided: true }]);
    }
    for (const later of await this.#waiting()) {
      const based = answer.outcome === "refused" ? null : rebased(later, entry, answer.units);
      if (based !== null && later.id !== id) changes.push(["outbox", later.id, based]);
    }
    this.waits = Object.fromEntries(Object.entries(this.waits).filter(([one]) => one !== id));
    await this.#write(...changes);
  }

  #wait(id: string, wait: Wait): void {
    if (this.waits[id] !== wait) this.waits = { ...this.waits, [id]: wait };
  }
}

const isPrompt = (told: Told): boolean => told.answeredAt - told.at <= AT_ONCE_MS;

/** A movement that was recorded stays, so that it can be voided. */
const keptAfter = (told: Told): Told | undefined =>
  told.work.kind === "movement" && told.outcome === "recorded" ? { ...told, seen: true } : undefined;

/** A clock that was set back since would have it sent before it happened: then it happened just now. */
const sentAt = (at: string, nowMs: number): string => new Date(Math.max(nowMs, Date.parse(at))).toISOString();

function waitAfter(problem: ApiProblem): Wait | null {
  if (problem.status === 401) return "signed-out";
  // To whom a placement is not announced, it is not known.
  if (problem.status === 403 || problem.slug === "unknown-placement") return "elsewhere";
  if (problem.slug === "busy" || problem.status === 429) return "busy";
  return problem.status >= 500 ? "unknown" : null;
}

/** All units or none: the ones that did not move were not recorded either. */
function refusal(problem: ApiProblem): Answer {
  const units = (problem.document["units"] ?? []) as ExactUnit[];
  const outcome = problem.slug === "changed-meanwhile" ? "moved" : "refused";
  return { outcome, units, why: `${problem.title}. ${problem.detail}` };
}

const isOffline = (): boolean => globalThis.navigator?.onLine === false;

/** One page of this browser at a time. */
const alone = <T>(work: () => Promise<T>): Promise<T> =>
  globalThis.navigator?.locks ? navigator.locks.request(LOCK, work) : work();
