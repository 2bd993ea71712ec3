/** A request as it is being entered or changed, and the body it becomes. Pure. */

import type { Channel, Member, Needs, RequestBody, RequestView, Urgency } from "../api/orientation";
import type { Regime } from "../api/types";
import { PARTY_MAX, readParty } from "./party";

export interface Draft {
  /** Made before it is first sent, so that a repetition counts once (I10). */
  id: string;
  /** The request that is being changed, as it was then; null for a new one. */
  amends: RequestView | null;
  regime: Regime;
  channel: Channel;
  /** What was typed of the party, in short. */
  quick: string;
  party: Member[];
  needs: Needs;
  urgency: Urgency[];
  continues: string;
  alias: string;
  contact: string;
}

export const NO_NEEDS: Needs = {
  step_free: false,
  pets: 0,
  medical_care: false,
  tolerance: null,
  languages: [],
  together: true,
  near: null,
  away_from: { shelters: [], communes: [] },
};

export function newDraft(id: string): Draft {
  return {
    id,
    amends: null,
    regime: "night",
    channel: "phone",
    quick: "",
    party: [],
    needs: NO_NEEDS,
    urgency: [],
    continues: "",
    alias: "",
    contact: "",
  };
}

export function draftOf(request: RequestView, id: string): Draft {
  const { regime, channel, party, needs, urgency, contact } = request;
  const said = { alias: contact?.alias ?? "", contact: contact?.contact ?? "" };
  return { ...newDraft(id), amends: request, regime, channel, party, needs, urgency, ...said };
}

export const withQuick = (draft: Draft, quick: string): Draft => ({
  ...draft,
  quick,
  party: readParty(quick).party.slice(0, PARTY_MAX),
});

export function withMember(draft: Draft, place: number, change: Partial<Member> | null): Draft {
  const party = draft.party.flatMap((member, at) => (at !== place ? [member] : change ? [{ ...member, ...change }] : []));
  // Whoever stands first is who asks.
  return { ...draft, party: party.map((member, at) => (at === 0 ? { ...member, relation: "self" } : member)) };
}

export function withOneMore(draft: Draft): Draft {
  const relation = draft.party.length === 0 ? "self" : "other";
  return { ...draft, party: [...draft.party, { age: "26-59", gender: "unsaid", relation } as Member].slice(0, PARTY_MAX) };
}

export const toggled = <T>(list: readonly T[], one: T): T[] =>
  list.includes(one) ? list.filter((other) => other !== one) : [...list, one];

export const isEmpty = (draft: Draft): boolean =>
  JSON.stringify({ ...draft, id: "" }) === JSON.stringify({ ...newDraft("") });

function contactOf({ alias, contact }: Draft): RequestBody["contact"] {
  const said = { alias: alias.trim() || null, contact: contact.trim() || null };
  return said.alias === null && said.contact === null ? null : said;
}

export function bodyOf(draft: Draft): RequestBody {
  const { id, regime, channel, party, needs, urgency } = draft;
  return { id, regime, channel, party, needs, urgency, continues: draft.continues.trim() || null, contact: contactOf(draft) };
}

export type Amendment = Partial<Pick<RequestBody, "regime" | "party" | "needs" | "urgency" | "contact">>;

/** The same changes, of the request as it is now: what a colleague changed meanwhile is not taken back. */
export function rebased(draft: Draft, now: RequestView, id: string): Draft {
  const changed = amendmentOf(draft) ?? {};
  const next = draftOf(now, id);
  if (changed.regime) next.regime = draft.regime;
  if (changed.party) next.party = draft.party;
  if (changed.needs) next.needs = draft.needs;
  if (changed.urgency) next.urgency = draft.urgency;
  if ("contact" in changed) [next.alias, next.contact] = [draft.alias, draft.contact];
  return next;
}

/** Only what was changed is said: what a colleague changed beside it stays. Null where nothing was. */
export function amendmentOf(draft: Draft): Amendment | null {
  const before = draft.amends!;
  const now = bodyOf(draft);
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const changed: Amendment = {};
  if (now.regime !== before.regime) changed.regime = now.regime;
  if (!same(now.party, before.party)) changed.party = now.party;
  if (!same(now.needs, before.needs)) changed.needs = now.needs;
  if (!same(now.urgency, before.urgency)) changed.urgency = now.urgency;
  if (!same(now.contact, before.contact)) changed.contact = now.contact;
  return Object.keys(changed).length > 0 ? changed : null;
}
