/** The rules of orientation as a flat list of what can be changed, and what follows from that. Pure. */

import type { Match, Rules } from "../shapes";

/** What a rule may be: the first that a field begins with (tests/unit/orientation/test_desk_words.py has the server's). */
export const BOUNDS = [
  ["weights.reach_m", 500, 100000],
  ["weights.", 0, 1000],
  ["night.", 60, 86400],
  ["admission.", 60, 31622400],
  ["shelter_hold_ttl_s.", 60, 31622400],
  ["barred_nights", 0, 366],
  ["plan.tiers", 0, 8],
  ["plan.reserve_percent", 0, 50],
  ["plan.floors.", 0, 100],
  ["plan.", 0, 1000],
  ["draw.strata", 0, 8],
  ["draw.tickets[", 1, 20],
  ["draw.tickets", 0, 8],
] as const;

export const MATCHES_MAX = 8;

export function boundsOf(field: string): [least: number, most: number] {
  const [, least, most] = BOUNDS.find(([prefix]) => field.startsWith(prefix)) ?? ["", 0, Number.MAX_SAFE_INTEGER];
  return [least, most];
}

export type Leaf = number | readonly Match[] | Rules["draw"]["tickets"] | undefined;

/** Every rule by its path; a list of tiers, strata or tickets is one of them. */
export function leavesOf(rules: Rules): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const all = (prefix: string, of: Record<string, number | undefined>) => {
    for (const [name, value] of Object.entries(of)) leaves.set(`${prefix}.${name}`, value);
  };
  const { tiers, floors, ...points } = rules.plan;
  leaves.set("plan.tiers", tiers);
  all("plan", points);
  all("plan.floors", floors);
  leaves.set("draw.strata", rules.draw.strata);
  leaves.set("draw.tickets", rules.draw.tickets);
  all("weights", rules.weights);
  all("night", rules.night);
  all("admission", rules.admission);
  all("shelter_hold_ttl_s", rules.shelter_hold_ttl_s);
  leaves.set("barred_nights", rules.barred_nights);
  return leaves;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The fields that differ. */
export function changed(base: Rules, now: Rules): string[] {
  const [before, after] = [leavesOf(base), leavesOf(now)];
  const fields = new Set([...before.keys(), ...after.keys()]);
  return [...fields].filter((field) => !same(before.get(field), after.get(field)));
}

/** With one field otherwise; undefined takes away what need not be there. */
export function withLeaf(rules: Rules, field: string, value: Leaf): Rules {
  const put = (of: unknown, path: readonly string[]): unknown => {
    const [name, ...rest] = path;
    const next = { ...(of as Record<string, unknown>) };
    if (rest.length > 0) next[name!] = put(next[name!], rest);
    else if (value === undefined) delete next[name!];
    else next[name!] = value;
    return next;
  };
  return put(rules, field.split(".")) as Rules;
}

/** The same changes, of the rules as they are now; `both` were changed on either side to something else. */
export function rebased(base: Rules, mine: Rules, theirs: Rules): { rules: Rules; both: string[] } {
  const fields = changed(base, mine);
  const here = leavesOf(mine);
  const rules = fields.reduce((all, field) => withLeaf(all, field, here.get(field)), theirs);
  const there = new Set(changed(base, theirs));
  return { rules, both: fields.filter((field) => there.has(field) && !same(here.get(field), leavesOf(theirs).get(field))) };
}

export type Wrong = "number" | "bounds" | "order";

/** What cannot be meant, by field. */
export function wrongs(rules: Rules): Map<string, Wrong> {
  const found = new Map<string, Wrong>();
  const look = (field: string, value: number) => {
    const [least, most] = boundsOf(field);
    if (!Number.isInteger(value)) found.set(field, "number");
    else if (value < least || value > most) found.set(field, "bounds");
  };
  for (const [field, value] of leavesOf(rules)) if (typeof value === "number") look(field, value);
  rules.draw.tickets.forEach(({ tickets }, place) => look(`draw.tickets[${place}].tickets`, tickets));
  const { aging, stale, silent } = rules.weights;
  if (stale < aging) found.set("weights.stale", "order");
  if (silent < stale) found.set("weights.silent", "order");
  return found;
}

export const UNITS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
export type TimeUnit = keyof typeof UNITS;

/** The largest unit in which it is a whole number; hours only from two on. */
export function unitOf(seconds: number): TimeUnit {
  if (seconds % UNITS.days === 0) return "days";
  if (seconds % UNITS.hours === 0 && seconds > UNITS.hours) return "hours";
  return seconds % UNITS.minutes === 0 ? "minutes" : "seconds";
}

export const NOBODY_NAMED: Match = { urgency: [], parties: [], turned_away: false };
