/** How a request stands, in sentences. Pure. */

import type { ReceiptWords } from "../i18n/receipt/en";
import type { Following } from "./following";

/** Each with the element that says it. */
export function statusOf(
  { receipt, renewed, lookedAt }: Pick<Following, "receipt" | "renewed" | "lookedAt">,
  words: ReceiptWords,
  time: (instant: string | number) => string,
): [element: string, sentence: string][] {
  if (receipt === null) return [];
  const { state, asked_at, refreshed_at, expires_at } = receipt;
  const said: [string, string][] = [
    ["h2", words.state[state]],
    ["p", words.what[state]],
  ];
  const stands = state === "waiting" || state === "place-held";
  if (stands && expires_at !== null) said.push(["b", words.until(time(expires_at))]);
  if (renewed) said.push(["p", words.renewed]);
  said.push(["p.note", words.asked(time(asked_at))]);
  if (refreshed_at !== asked_at) said.push(["p.note", words.refreshed(time(refreshed_at))]);
  said.push(["p.note", words.seen(time(lookedAt))]);
  return said;
}
