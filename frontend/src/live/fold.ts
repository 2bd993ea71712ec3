/**
 * The board as this screen knows it: a pure fold of snapshots and deltas (I7).
 *
 * It is complete up to `to`. A frame is how things stood at its own end: one that ends no later than what is known
 * says nothing new, and could only bring back what has been removed since. Of the others, a subject is taken iff its
 * seq is newer than the one we have.
 */

import type { Mark, PlacementMark } from "../api/orientation";
import type { BoardSnapshot, Shelter, Unit } from "../api/types";
import type { Delta } from "./frames";

export interface Board {
  readonly epoch: string | null;
  readonly to: number;
  readonly units: ReadonlyMap<string, Unit>;
  readonly shelters: ReadonlyMap<string, Shelter>;
  /** That there is one, and in which version: facts about people come over HTTP, to whoever may read them (I9). */
  readonly requests: ReadonlyMap<string, Mark>;
  readonly placements: ReadonlyMap<string, PlacementMark>;
  readonly draws: ReadonlyMap<string, Mark>;
  readonly plans: ReadonlyMap<string, Mark>;
}

export const EMPTY: Board = {
  epoch: null,
  to: 0,
  units: new Map(),
  shelters: new Map(),
  requests: new Map(),
  placements: new Map(),
  draws: new Map(),
  plans: new Map(),
};

interface Subject {
  id: string;
  seq: number;
}

/**
 * A snapshot is the whole board at its `seq`, also where that is lower than what we knew: another node may lag for a
 * moment, and what it sends from here on continues this snapshot and no other. Of the same epoch, states that are newer
 * than the snapshot stay: no row jumps back only to come forward again. A new epoch means that history itself was
 * restored: nothing stays.
 */
export function applySnapshot(board: Board, snapshot: BoardSnapshot): Board {
  const known = board.epoch === snapshot.epoch ? board : EMPTY;
  return {
    epoch: snapshot.epoch,
    to: snapshot.seq,
    units: replaced(known.units, snapshot.units, snapshot.seq),
    shelters: replaced(known.shelters, snapshot.shelters, snapshot.seq),
    requests: replaced(known.requests, snapshot.requests ?? [], snapshot.seq),
    placements: replaced(known.placements, snapshot.placements ?? [], snapshot.seq),
    draws: replaced(known.draws, snapshot.draws ?? [], snapshot.seq),
    plans: replaced(known.plans, snapshot.plans ?? [], snapshot.seq),
  };
}

/** Returns null on a gap: something between what we have and `from` never arrived. */
export function applyDelta(board: Board, delta: Delta): Board | null {
  if (board.epoch === null || delta.from > board.to) return null;
  if (delta.to < board.to) return board;
  // After a board that came over HTTP, and has no marks, the first frame brings all of them and nothing else is new.
  const marks = {
    requests: merged(board.requests, delta.requests ?? [], delta.gone, delta.to),
    placements: merged(board.placements, delta.placements ?? [], delta.gone, delta.to),
    draws: merged(board.draws, delta.draws ?? [], delta.gone, delta.to),
    plans: merged(board.plans, delta.plans ?? [], delta.gone, delta.to),
  };
  if (delta.to === board.to) return { ...board, ...marks };
  return {
    epoch: board.epoch,
    to: delta.to,
    units: merged(board.units, delta.units, delta.gone, delta.to),
    shelters: merged(board.shelters, delta.shelters, delta.gone, delta.to),
    ...marks,
  };
}

/** Takes single states from elsewhere, such as the answer to a report; what else happened meanwhile stays unknown. */
export function applyUnits(board: Board, units: Unit[]): Board {
  const news = units.filter((unit) => board.units.has(unit.id) || unit.seq > board.to);
  return { ...board, units: merged(board.units, news, [], 0) };
}

/** A beat says that nothing up to `to` is missing. */
export function applyBeat(board: Board, to: number): Board {
  return board.epoch !== null && to > board.to ? { ...board, to } : board;
}

function merged<T extends Subject>(have: ReadonlyMap<string, T>, news: T[], gone: string[], at: number) {
  if (news.length === 0 && gone.length === 0) return have;
  const next = new Map(have);
  for (const subject of news) {
    const known = next.get(subject.id);
    if (known === undefined || subject.seq > known.seq) next.set(subject.id, subject);
  }
  for (const id of gone) {
    const known = next.get(id);
    if (known !== undefined && known.seq <= at) next.delete(id);
  }
  return next;
}

/** What the snapshot has, and what we know that happened after it. */
function replaced<T extends Subject>(have: ReadonlyMap<string, T>, whole: T[], at: number) {
  const next = new Map(whole.map((subject) => [subject.id, subject]));
  for (const [id, known] of have) if (known.seq > at) next.set(id, known);
  return next;
}
