/** What draws, plans and their rules call alike. */

import type { Group } from "../../distribution/shapes";

export const people = (n: number): string => (n === 1 ? "1 person" : `${n} people`);
export const households = (n: number): string => (n === 1 ? "1 household" : `${n} households`);
export const places = (n: number): string => (n === 1 ? "1 place" : `${n} places`);
export const s = (n: number): string => (n === 1 ? "" : "s");

export const en = {
  people,
  households,
  places,
  groups: {
    woman: "women on their own",
    man: "men on their own",
    person: "people on their own, X or not said",
    adults: "adults together",
    family: "families",
    minors: "minors",
  } satisfies Record<Group, string>,
  nowhere: "no place",
  cut: "The live connection is lost. What stands here may be old; it is asked for again every few seconds.",
  unanswered: "No answer just now. What stands here may be old; it is being asked for again.",
  percent: (n: string): string => `${n} %`,
  tier: (n: number): string => `tier ${n}`,
  lastTier: "all others",
  rules: (version: number, hash: string): string => `rules ${version} (${hash})`,
  somebody: "somebody",
  copy: "Copy",
  copied: "Copied",
};

export type SharingWords = typeof en;
