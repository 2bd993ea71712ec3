/** What the clock says of a placement, in words and in the server's time. Pure. */

import type { PlacementView } from "../../api/orientation";
import { dayAndTime } from "../../i18n/format";
import type { IncomingWords } from "../../i18n/incoming/en";
import type { Language } from "../../i18n/languages";

const MINUTE_MS = 60_000;

/** `state`: as it is once what waits has arrived. */
export function sayState(
  { expires_at, arrive_by, accepted_at }: PlacementView,
  state: PlacementView["state"],
  nowMs: number,
  language: Language,
  words: IncomingWords,
): string {
  const time = (instant: string): string => dayAndTime(language, instant, nowMs);
  if (state !== "held") {
    const until = accepted_at === null ? null : (arrive_by ?? expires_at);
    return until === null ? words.accepted : words.expectedUntil(time(until));
  }
  if (expires_at === null) return "";
  const minutes = Math.ceil((Date.parse(expires_at) - nowMs) / MINUTE_MS);
  return minutes > 0 ? words.answerBy(time(expires_at), words.left(minutes)) : words.answerDue(time(expires_at));
}
