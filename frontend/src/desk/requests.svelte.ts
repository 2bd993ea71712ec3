/**
 * The facts of the open requests, in memory and nowhere else (I9): the board's marks say that there is a newer version,
 * and what is newer is fetched, all of it in one go, one fetch at a time.
 */

import { ApiProblem } from "../api/client";
import type { Mark, RequestView } from "../api/orientation";

/** As many as one question may name. */
const IDS_MAX = 200;
const AGAIN_MS = 2_000;

/** What has another version than what we asked for last. */
export function changed(marks: ReadonlyMap<string, Mark>, asked: ReadonlyMap<string, number>): string[] {
  const ids: string[] = [];
  for (const { id, version } of marks.values()) if (asked.get(id) !== version) ids.push(id);
  return ids;
}

type Facts = ReadonlyMap<string, RequestView>;

export class Requests {
  all = $state.raw<Facts>(new Map());
  #fetch: (ids: readonly string[]) => Promise<RequestView[]>;
  /** Hears of each new version, beside the one before. */
  #heard: (now: RequestView, before: RequestView | undefined) => void;
  #signedOut: () => void;
  #marks: ReadonlyMap<string, Mark> = new Map();
  #asked = new Map<string, number>();
  #open: string | null = null;
  #fetching = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    fetch: (ids: readonly string[]) => Promise<RequestView[]>,
    heard: (now: RequestView, before: RequestView | undefined) => void,
    signedOut: () => void,
  ) {
    this.#fetch = fetch;
    this.#heard = heard;
    this.#signedOut = signedOut;
  }

  /** `open` is the one that somebody looks at: it stays, with its outcome, when it leaves the queue. */
  follow(marks: ReadonlyMap<string, Mark>, open: string | null): void {
    for (const id of this.#marks.keys()) if (!marks.has(id)) this.#asked.delete(id);
    this.#marks = marks;
    this.#open = open;
    const stay = [...this.all].filter(([id]) => marks.has(id) || id === open);
    if (stay.length < this.all.size) this.all = new Map(stay);
    void this.#pump();
  }

  /** What an answer brought, where it is no older than what we have. */
  take(views: readonly RequestView[]): void {
    const next = new Map(this.all);
    for (const view of views) {
      const before = next.get(view.id);
      if (before !== undefined && before.version >= view.version) continue;
      next.set(view.id, view);
      this.#heard(view, before);
    }
    this.all = next;
  }

  /** What an answer says of one, until all of it is fetched: its version stays, so that what is fetched replaces it. */
  show(id: string, said: Pick<RequestView, "placement" | "state">): void {
    const known = this.all.get(id);
    if (known !== undefined) this.all = new Map(this.all).set(id, { ...known, ...said });
  }

  /** It is to be asked for again, whatever the marks say: something was done to it. */
  renew(id: string): void {
    this.#asked.delete(id);
    void this.#pump();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#fetching = true;
  }

  #wanted(): string[] {
    const ids = changed(this.#marks, this.#asked);
    const open = this.#open;
    // What somebody looks at comes first; where it has left the queue it is asked for once more.
    if (open !== null && !this.#asked.has(open) && !ids.includes(open)) ids.push(open);
    return ids.sort((a, b) => Number(b === open) - Number(a === open)).slice(0, IDS_MAX);
  }

  async #pump(): Promise<void> {
    if (this.#fetching) return;
    const ids = this.#wanted();
    if (ids.length === 0) return;
    this.#fetching = true;
    clearTimeout(this.#timer);
    const versions = ids.map((id) => this.#marks.get(id)?.version ?? 0);
    try {
      const views = await this.#fetch(ids);
      ids.forEach((id, place) => this.#asked.set(id, versions[place]!));
      this.take(views);
      this.#fetching = false;
      void this.#pump();
    } catch (failure) {
      this.#fetching = false;
      if (failure instanceof ApiProblem && failure.status === 401) this.#signedOut();
      else this.#timer = setTimeout(() => void this.#pump(), AGAIN_MS);
    }
  }
}
