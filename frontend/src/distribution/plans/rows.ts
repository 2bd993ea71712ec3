/** The rows of a plan that somebody wants to see, and what they say together. Pure. */

import type { Comparison, Group, PlanRow, PlanView } from "../shapes";

export const FILTERS = ["all", "gains", "losers", "yesterday-gains", "yesterday-losers", "unplaced", "moved"] as const;
export type Filter = (typeof FILTERS)[number];

const chosenBy = (plan: PlanView, filter: Filter): ReadonlySet<string> | null => {
  const { first_come, yesterday } = plan.against ?? { first_come: null, yesterday: null };
  if (filter === "gains") return new Set(first_come?.gains);
  if (filter === "losers") return new Set(first_come?.losers);
  if (filter === "yesterday-gains") return new Set(yesterday?.gains);
  if (filter === "yesterday-losers") return new Set(yesterday?.losers);
  return null;
};

export function rowsOf(plan: PlanView, filter: Filter): PlanRow[] {
  const chosen = chosenBy(plan, filter);
  if (chosen !== null) return plan.rows.filter(({ request }) => chosen.has(request));
  if (filter === "unplaced") return plan.rows.filter(({ unit }) => unit === null);
  if (filter === "moved") return plan.rows.filter(({ moved }) => moved);
  return plan.rows;
}

/** What applying it would hold. */
export const holdsOf = (plan: PlanView): number => plan.rows.filter(({ unit, pinned }) => unit !== null && !pinned).length;

export function landedOf(plan: PlanView): { done: number; of: number } {
  const all = plan.rows.filter(({ unit, pinned }) => unit !== null && !pinned);
  return { done: all.filter(({ outcome }) => outcome !== null).length, of: all.length };
}

/** Those who lose by the plan, called by their codes, by group. */
export function byGroup(plan: PlanView, requests: Comparison["losers"]): [group: Group, rows: PlanRow[]][] {
  const wanted = new Set(requests);
  const groups = new Map<Group, PlanRow[]>();
  for (const row of plan.rows)
    if (wanted.has(row.request)) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return [...groups];
}
