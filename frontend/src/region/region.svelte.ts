/** The region that this screen is about: asked for once somebody is signed in, and again until it is there. */

import type { RegionCard } from "../api/types";
import { communesOf } from "./communes";

const AGAIN_MS = 5_000;

export class Region {
  card = $state.raw<RegionCard | null>(null);
  /** Nobody has said yet whether there is one. */
  asking = $state(true);
  readonly communes = $derived(communesOf(this.card?.map));
  #ask: () => Promise<RegionCard>;

  constructor(ask: () => Promise<RegionCard>) {
    this.#ask = ask;
  }

  /** Returns how to stop asking. Without an answer the board goes on, with codes for names. */
  start(): () => void {
    let retry: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const ask = async () => {
      try {
        const card = await this.#ask();
        if (!stopped) this.card = card;
      } catch {
        if (!stopped) retry = setTimeout(() => void ask(), AGAIN_MS);
      }
      this.asking = false;
    };
    void ask();
    return () => {
      stopped = true;
      clearTimeout(retry);
    };
  }
}
