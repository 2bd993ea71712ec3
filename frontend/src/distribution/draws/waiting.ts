/** How many households of each audience a draw would have on its list, were it frozen now. Pure. */

import type { Member, RequestView } from "../../api/orientation";
import { isMinor } from "../../desk/party";
import type { Group } from "../shapes";

/** As the server tells audiences apart (orientation/model/counts.py). */
export function groupOf(party: readonly Member[]): Group {
  const minors = party.filter(({ age }) => isMinor(age)).length;
  if (minors > 0) return minors === party.length ? "minors" : "family";
  const [first] = party;
  if (party.length > 1 || first === undefined) return "adults";
  return first.gender === "woman" || first.gender === "man" ? first.gender : "person";
}

/** Whoever has a place held, waits for an admission, or is about to expire is on no list. */
export function waitingByGroup(requests: Iterable<RequestView>, nowMs: number): ReadonlyMap<Group, number> {
  const counted = new Map<Group, number>();
  for (const { state, regime, expires_at, party } of requests) {
    if (state !== "waiting" || regime !== "night" || Date.parse(expires_at) <= nowMs) continue;
    const group = groupOf(party);
    counted.set(group, (counted.get(group) ?? 0) + 1);
  }
  return counted;
}
