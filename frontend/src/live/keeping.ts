/**
 * The last known state of one's own units, kept on the device so that the page opens without a network (I9).
 *
 * Numbers of places and names of units. Of a secret shelter not even its name: a phone may fall into other hands.
 */

import type { Shelter, Unit } from "../api/types";
import type { Board } from "./fold";
import { store } from "./store";

export interface Kept {
  /** The server's time when it last said that this is so, and this device's then. */
  now: number;
  wall: number;
  units: Unit[];
  shelters: Shelter[];
}

/** As long as a session on a shelter's phone lives without use: after that nobody may look who cannot sign in. */
export const KEPT_MS = 12 * 3_600_000;
const KEY = "own";

export async function keep(board: Board, nowMs: number): Promise<void> {
  const kept: Kept = {
    now: nowMs,
    wall: Date.now(),
    units: [...board.units.values()],
    shelters: [...board.shelters.values()].map(slim),
  };
  await (await store()).write([["board", KEY, kept]]);
}

/** Null where there is none, or it is older than anybody may see. */
export async function keptBoard(): Promise<Kept | null> {
  const [kept] = await (await store()).all<Kept>("board");
  if (kept === undefined) return null;
  const age = Date.now() - kept.wall;
  if (age >= 0 && age < KEPT_MS) return kept;
  await forget("board");
  return null;
}

/** What is unsent stays, for whoever signs in next. */
export async function forget(...parts: ("board" | "told")[]): Promise<void> {
  await (await store()).empty(...parts);
}

/** How many have not arrived. */
export const unsent = async (): Promise<number> => (await (await store()).all("outbox")).length;

function slim(shelter: Shelter): Shelter {
  return {
    ...shelter,
    name: shelter.secret ? "" : shelter.name,
    commune: "",
    operator: { id: "", name: "" },
    address: null,
    location: null,
    phone: null,
  };
}
