/** A live board that follows the session: it ends with it, and comes back when somebody signs in again. */

import { onMount, untrack } from "svelte";
import type { BoardSnapshot } from "../api/types";
import { LiveBoard } from "../live/board.svelte";
import { session } from "./session.svelte";

/** To be called while a component is being made. */
export function openLive(path: string, board: () => Promise<BoardSnapshot>): LiveBoard {
  const live = new LiveBoard(path, { board, loggedIn: async () => (await session.look()) !== null });
  onMount(() => live.start());
  $effect(() => {
    if (live.ended === "login") untrack(() => session.end());
    else if (live.ended === "revoked") untrack(() => void session.look().catch(() => undefined));
  });
  $effect(() => {
    // Somebody signed in again, or the session is still good and only its rights have changed.
    if (session.principal) untrack(() => (live.ended === "login" || live.ended === "revoked") && live.restart());
  });
  return live;
}
