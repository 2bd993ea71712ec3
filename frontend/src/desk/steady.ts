/** A list that somebody reads keeps its order, with the facts as they are now; what fits no more stays, and says so. Pure. */

export interface Steady<T> {
  shown: readonly { one: T; gone: boolean }[];
  /** The order that the newer list has is another one. */
  moved: boolean;
}

type Named = { unit: string };

/** `whole`: the newer list has all that fits. Else what is not on it may merely have fallen out of the best. */
export function steady<T extends Named>(read: readonly T[], fresh: readonly T[], whole: boolean): Steady<T> {
  const now = new Map(fresh.map((one) => [one.unit, one]));
  const shown = read.map((one) => ({ one: now.get(one.unit) ?? one, gone: whole && !now.has(one.unit) }));
  const moved = read.length !== fresh.length || read.some((one, place) => one.unit !== fresh[place]!.unit);
  return { shown, moved };
}
