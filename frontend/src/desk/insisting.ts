/** Something is said until it is answered, under the same id: no answer means unknown, never failed (I1, I10). */

import { ApiProblem, NotAnswered } from "../api/client";

const PAUSES_MS: readonly number[] = [500, 1_000, 2_000, 4_000, 8_000];
const AGAIN = new Set(["busy", "outcome-unknown"]);

export const isUnknown = (failure: unknown): boolean =>
  failure instanceof NotAnswered || (failure instanceof ApiProblem && AGAIN.has(failure.slug));

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
