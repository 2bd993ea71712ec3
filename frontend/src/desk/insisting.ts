/** Something is said until it is answered, under the same id: no answer means unknown, never failed (I1, I10). */

import { ApiProblem, NotAnswered } from "../api/client";

const PAUSES_MS: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000];
const AGAIN_MS = 3_000;

/** A server that failed may have done it before it did. */
export const isUnknown = (failure: unknown): boolean =>
  failure instanceof NotAnswered || (failure instanceof ApiProblem && failure.status >= 500);

/** `unsure` hears that it is being said again. Gives up in the end, with what is unknown as it is. */
export async function insist<T>(
  send: () => Promise<T>,
  unsure: () => void,
  pauses: readonly number[] = PAUSES_MS,
): Promise<T> {
  for (const pause of pauses) {
    try {
      return await send();
    } catch (failure) {
      if (!isUnknown(failure)) throw failure;
      unsure();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  return send();
}

/** Asks until there is an answer, for as long as it is wanted; null where it was refused, or is not wanted any more. */
export async function untilAnswered<T>(ask: () => Promise<T>, wanted: () => boolean): Promise<T | null> {
  while (wanted()) {
    try {
      return await ask();
    } catch (failure) {
      if (!isUnknown(failure)) return null;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
  return null;
}
