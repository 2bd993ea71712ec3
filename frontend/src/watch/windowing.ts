/**
 * Which rows of a long table stand in the page: those that can be seen, a few around them, and those around the focus.
 * Pure. Rows have the height that they turn out to have; the others are guessed at.
 */

export interface Stretch {
  /** Half open: `last` is not among them. */
  readonly first: number;
  readonly last: number;
}

const ENOUGH_TO_GUESS = 8;

export class Heights {
  #rows = new Map<string, number>();
  /** Of what is unfolded below a row. */
  #unfolded = new Map<string, number>();
  #guess: number;
  #sum = 0;

  constructor(guess: number) {
    this.#guess = guess;
  }

  of(id: string): number {
    return (this.#rows.get(id) ?? this.#guess) + (this.#unfolded.get(id) ?? 0);
  }

  /** Returns whether that is news. */
  measure(id: string, part: "row" | "unfolded", height: number): boolean {
    const known = part === "row" ? this.#rows : this.#unfolded;
    const before = known.get(id);
    if (before !== undefined && Math.abs(before - height) < 0.5) return false;
    known.set(id, height);
    if (part === "row" && before === undefined) this.#learn(height);
    return true;
  }

  fold(id: string): boolean {
    return this.#unfolded.delete(id);
  }

  /** The page has another width: nothing of this holds any more. */
  forget(guess: number): void {
    this.#rows.clear();
    this.#unfolded.clear();
    this.#sum = 0;
    this.#guess = guess;
  }

  /** The guess is made from the first few and then stands: each change of it would move every row not seen yet. */
  #learn(height: number): void {
    this.#sum += height;
    if (this.#rows.size === ENOUGH_TO_GUESS) this.#guess = this.#sum / ENOUGH_TO_GUESS;
  }
}

/** Where each row begins, and at the end where the table ends. */
export function offsetsOf(rows: readonly { id: string }[], heights: Heights): Float64Array {
  const offsets = new Float64Array(rows.length + 1);
  for (let place = 0; place < rows.length; place += 1) offsets[place + 1] = offsets[place]! + heights.of(rows[place]!.id);
  return offsets;
}

/** The row that is at this height. */
export function placeAt(offsets: Float64Array, height: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle]! <= height) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** What is to stand in the page: from `top` to `bottom`, and what is around the row in focus wherever that is. */
export function stretchesOf(offsets: Float64Array, top: number, bottom: number, focus: number | null): Stretch[] {
  const count = offsets.length - 1;
  if (count === 0) return [];
  const margin = Math.max(200, (bottom - top) / 2);
  const seen = { first: placeAt(offsets, top - margin), last: Math.min(count, placeAt(offsets, bottom + margin) + 1) };
  if (focus === null) return [seen];
  // Two on either side: the next press of Tab must find something to go to.
  const near = { first: Math.max(0, focus - 2), last: Math.min(count, focus + 3) };
  if (near.first <= seen.last && near.last >= seen.first)
    return [{ first: Math.min(near.first, seen.first), last: Math.max(near.last, seen.last) }];
  return near.first < seen.first ? [near, seen] : [seen, near];
}

export type Piece<R> = { key: string; place: number; row: R } | { key: string; space: number };

/** Rows, and the empty space that stands for those which are not in the page. */
export function piecesOf<R extends { id: string }>(rows: readonly R[], offsets: Float64Array, stretches: Stretch[]): Piece<R>[] {
  const pieces: Piece<R>[] = [];
  let at = 0;
  for (const { first, last } of stretches) {
    const space = offsets[first]! - offsets[at]!;
    // Named after the row that follows, so that a space is never moved, and no row in focus for its sake.
    if (space > 0) pieces.push({ key: `before ${rows[first]!.id}`, space });
    for (let place = first; place < last; place += 1) pieces.push({ key: rows[place]!.id, place, row: rows[place]! });
    at = last;
  }
  const space = offsets[rows.length]! - offsets[at]!;
  if (space > 0) pieces.push({ key: "after all", space });
  return pieces;
}
