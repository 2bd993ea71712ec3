/**
 * Who is announced to the shelters of whoever is signed in, in memory and nowhere else (I9).
 *
 * The live board says that there is a placement, and in which version; what it is comes over HTTP, a list per shelter,
 * whenever a version is newer than the one that is here.
 */

import type { Client } from "../../api/client";
import { newId } from "../../api/ids";
import type { Placed, PlacementMark, PlacementView } from "../../api/orientation";

const RETRY_MS = 3_000;

export class Expecting {
  views = $state.raw<ReadonlyMap<string, PlacementView>>(new Map());
  failed = $state(false);
  #client: Pick<Client, "ask">;
  #marks: readonly PlacementMark[] = [];
  /** Versions that were asked for in vain: they are asked for again when there is a newer one. */
  #tried = new Map<string, number>();
  #fetching = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Under what id each is told to be seen, and which of them is under way. */
  #seen = new Map<string, string>();
  #telling = new Set<string>();

  constructor(client: Pick<Client, "ask">) {
    this.#client = client;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#marks = [];
  }

  follow(marks: readonly PlacementMark[]): void {
    this.#marks = marks;
    const there = new Set(marks.map(({ id }) => id));
    if ([...this.views.keys()].some((id) => !there.has(id))) {
      this.views = new Map([...this.views].filter(([id]) => there.has(id)));
    }
    void this.#fetch();
  }

  /** Somebody has it before their eyes: until they do, it does not lapse. */
  async see({ id }: PlacementView): Promise<void> {
    if (this.#telling.has(id)) return;
    const event = this.#seen.get(id) ?? newId();
    this.#seen.set(id, event);
    this.#telling.add(id);
    // Where nobody answers, the next look says it again.
    const told = await this.#client.ask<Placed>("POST", `/placements/${id}/seen`, { id: event }).catch(() => null);
    if (told) this.#take([told.placement]);
    this.#telling.delete(id);
  }

  #lacking(): PlacementMark[] {
    return this.#marks.filter(
      ({ id, version }) => version > Math.max(this.views.get(id)?.version ?? -1, this.#tried.get(id) ?? -1),
    );
  }

  async #fetch(): Promise<void> {
    if (this.#fetching) return;
    this.#fetching = true;
    clearTimeout(this.#timer);
    try {
      for (let first = this.#lacking()[0]; first !== undefined; first = this.#lacking()[0]) await this.#refresh(first.shelter);
      this.failed = false;
    } catch {
      this.failed = true;
      this.#timer = setTimeout(() => void this.#fetch(), RETRY_MS);
    } finally {
      this.#fetching = false;
    }
  }

  /** Those that are open first: somebody may be waiting for an answer. */
  async #refresh(shelter: string): Promise<void> {
    const wanted = this.#lacking().filter((mark) => mark.shelter === shelter);
    for (const state of ["open", "recent"]) {
      if (!this.#lacking().some((mark) => wanted.includes(mark))) return;
      const path = `/placements?shelter=${shelter}&state=${state}`;
      this.#take((await this.#client.ask<{ placements: PlacementView[] }>("GET", path)).placements);
    }
    for (const { id, version } of wanted) this.#tried.set(id, version);
  }

  #take(placements: readonly PlacementView[]): void {
    const news = placements.filter(({ id, version }) => version > (this.views.get(id)?.version ?? -1));
    if (news.length > 0) this.views = new Map([...this.views, ...news.map((view) => [view.id, view] as const)]);
  }
}
