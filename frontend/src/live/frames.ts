/** The frames of the protocol halte.v1. A frame is checked as far as the fold relies on it, and no further. */

import type { Mark, PlacementMark } from "../api/orientation";
import type { BoardSnapshot, Instant, Shelter, Source, Unit } from "../api/types";

export const SUBPROTOCOL = "halte.v1";

export interface SnapshotFrame extends BoardSnapshot {
  t: "snapshot";
}

export interface Delta {
  from: number;
  to: number;
  units: Unit[];
  shelters: Shelter[];
  /** Only to a desk, and a shelter's own. */
  requests?: Mark[];
  placements?: PlacementMark[];
  /** Only to a desk. */
  draws?: Mark[];
  plans?: Mark[];
  gone: string[];
}

export type Frame =
  | SnapshotFrame
  | ({ t: "delta" } & Delta)
  | { t: "beat"; now: Instant; to: number; live: Source }
  | { t: "resync" }
  | { t: "bye"; slug: string; why: string };

export type ClientFrame =
  | { t: "hello"; after: number | null; epoch: string | null }
  | { t: "ack"; to: number };

/** Returns null for anything that is not a frame we know how to read. */
export function readFrame(text: unknown): Frame | null {
  if (typeof text !== "string") return null;
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  if (typeof raw !== "object" || raw === null) return null;
  switch (raw["t"]) {
    case "snapshot":
      return isSeq(raw["seq"]) && typeof raw["epoch"] === "string" ? withLists<SnapshotFrame>(raw) : null;
    case "delta":
      return isSeq(raw["from"]) && isSeq(raw["to"]) ? withLists<{ t: "delta" } & Delta>(raw) : null;
    case "beat":
      return isSeq(raw["to"]) && typeof raw["now"] === "string" ? (raw as unknown as Frame) : null;
    case "resync":
      return { t: "resync" };
    case "bye":
      return { t: "bye", slug: String(raw["slug"] ?? ""), why: String(raw["why"] ?? "") };
    default:
      return null;
  }
}

const isSeq = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Empty arrays are omitted on the wire. */
function withLists<T>(raw: Record<string, unknown>): T {
  return { ...raw, units: raw["units"] ?? [], shelters: raw["shelters"] ?? [], gone: raw["gone"] ?? [] } as T;
}
