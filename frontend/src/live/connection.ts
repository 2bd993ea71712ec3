/** What a person should know about the data they see: how it comes in, and how old it is. Pure. */

import type { Source } from "../api/types";
import { BEAT_MS, type Link } from "./socket";

export type Condition =
  | "connecting"
  | "live"
  /** The server's live store is away; the server follows its journal instead. The data is current. */
  | "journal"
  /** The server itself has lost sight of the inventory. */
  | "lost"
  /** Connected, and yet a beat is overdue. */
  | "quiet"
  | "reconnecting"
  | "ended";

/** A beat may be late by its journey; past this, silence is worth a word. */
const OVERDUE_MS = 1.3 * BEAT_MS;

export function conditionOf(link: Link, source: Source, hasData: boolean, ageMs: number): Condition {
  if (link.state === "ended") return "ended";
  if (link.state === "live") {
    if (source === "lost") return "lost";
    if (ageMs > OVERDUE_MS) return "quiet";
    return source === "journal" ? "journal" : "live";
  }
  return hasData || link.state === "waiting" ? "reconnecting" : "connecting";
}

/** Whether the figures on the screen are what the server knows now. */
export const isCurrent = (condition: Condition): boolean => condition === "live" || condition === "journal";
