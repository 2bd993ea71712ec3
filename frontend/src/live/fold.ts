/**
 * The board as this screen knows it: a pure fold of snapshots and deltas (I7).
 *
 * A subject is taken iff its seq is newer than the one we have, so repetition and overlap change nothing. A removal
 * is remembered with the seq of its frame: an older state that arrives afterwards does not bring the subject back.
 */

import type { BoardSnapshot, Shelter, Unit } from "../api/types";
import type { Delta } from "./frames";

export interface Board {
  readonly epoch: string | null;
  /** Everything up to this seq is known. */
  readonly to: number;
  readonly units: ReadonlyMap<string, Unit>;
  readonly shelters: ReadonlyMap<string, Shelter>;
  readonly gone: ReadonlyMap<string, number>;
}

export const EMPTY: Board = { epoch: null, to: 0, units: new Map(), shelters: new Map(), gone: new Map() };

interface Subject {
  id: string;
  seq: number;
}

/**
 * Takes a whole board. Within an epoch it is merged, because the node that made it may lag behind what another node
 * already told us; a new epoch means that history itself was restored, and replaces everything.
 */
export function applySnapshot(board: Board, snapshot: BoardSnapshot): Board {
  const base = board.epoch === snapshot.epoch ? board : EMPTY;
  return {
    epoch: snapshot.epoch,
    to: Math.max(base.to, snapshot.seq),
    units: mergeWhole(base.units, snapshot.units, base.gone, snapshot.seq),
    shelters: mergeWhole(base.shelters, snapshot.shelters, base.gone, snapshot.seq),
    gone: new Map([...base.gone].filter(([, seq]) => seq > snapshot.seq)),
  };
}

/** Returns null on a gap: something between what we have and `from` never arrived. */
export function applyDelta(board: Board, delta: Delta): Board | null {
  if (board.epoch === null || delta.from > board.to) return null;
  const gone = new Map(board.gone);
  for (const id of delta.gone) gone.set(id, Math.max(delta.to, gone.get(id) ?? 0));
  return {
    epoch: board.epoch,
    to: Math.max(board.to, delta.to),
    units: mergeSome(board.units, delta.units, gone),
    shelters: mergeSome(board.shelters, delta.shelters, gone),
    gone,
  };
}

/** Takes single states from elsewhere, such as the answer to a report; what else happened meanwhile stays unknown. */
export function applyUnits(board: Board, units: Unit[]): Board {
  return { ...board, units: mergeSome(board.units, units, board.gone) };
}

/** A beat says that nothing up to `to` is missing. */
export function applyBeat(board: Board, to: number): Board {
  return board.epoch !== null && to > board.to ? { ...board, to } : board;
}

function mergeSome<T extends Subject>(have: ReadonlyMap<string, T>, news: T[], gone: ReadonlyMap<string, number>) {
  if (news.length === 0 && gone.size === 0) return have;
  const merged = new Map(have);
  for (const subject of news) {
    const known = merged.get(subject.id);
    if (known === undefined || subject.seq > known.seq) merged.set(subject.id, subject);
  }
  for (const [id, seq] of gone) {
    const known = merged.get(id);
    if (known !== undefined && known.seq <= seq) merged.delete(id);
  }
  return merged;
}

function mergeWhole<T extends Subject>(
  have: ReadonlyMap<string, T>,
  whole: T[],
  gone: ReadonlyMap<string, number>,
  seq: number,
) {
  const merged = new Map<string, T>();
  for (const subject of whole) {
    const removedAt = gone.get(subject.id) ?? -1;
    if (subject.seq > removedAt) merged.set(subject.id, subject);
  }
  // Not in the snapshot and not newer than it: it was removed.
  for (const [id, known] of have) {
    const theirs = merged.get(id);
    if (theirs ? known.seq > theirs.seq : known.seq > seq) merged.set(id, known);
  }
  return merged;
}
