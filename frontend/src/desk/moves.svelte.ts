/** Who has to be moved elsewhere, as the server says: of secret shelters only it knows (I11). */

import type { LiveBoard } from "../live/board.svelte";
import type { MustMove } from "./api";
import { isUnknown } from "./insisting";

const PAUSE_MS = 3_000;

export class Moves {
  /** Null until it is known. */
  all = $state.raw<readonly MustMove[] | null>(null);
  /** The last answer did not come. */
  failed = $state(false);
  #fetch: () => Promise<readonly MustMove[]>;
  #asking = false;
  #again = false;
  #at = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(fetch: () => Promise<readonly MustMove[]>) {
    this.#fetch = fetch;
  }

  /** The board has changed: at once where nobody asked lately. */
  soon(): void {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#timer = setTimeout(() => void this.#load(), Math.max(0, this.#at + PAUSE_MS - performance.now()));
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #load(): Promise<void> {
    if (this.#asking) return void (this.#again = true);
    [this.#asking, this.#again, this.#at] = [true, false, performance.now()];
    try {
      this.all = await this.#fetch();
      this.failed = false;
    } catch (failure) {
      this.failed = true;
      this.#again ||= isUnknown(failure);
    } finally {
      this.#asking = false;
    }
    if (this.#again) this.soon();
  }
}

/** What the list follows from: the open placements, and the counts of their units. */
export function causeOf({ placements, units }: LiveBoard["board"]): string {
  return [...placements.values()].map(({ id, version, unit }) => `${id} ${version} ${units.get(unit)?.seq ?? 0}`).join();
}
