/** The panels that come with parts of their own, fetched with their words when one of them is opened. */

import type { Component } from "svelte";
import type { Desk } from "./desk.svelte";

export interface LaterProps {
  desk: Desk;
  kind: LaterKind;
  keysOn: boolean;
  setKeys: (on: boolean) => void;
}

const aside = async () => (await import("./aside/part")).part();
const distribution = async () => (await import("../distribution/part")).part();
const rules = async () => (await import("../distribution/policies/part")).part();

export const LATER = { report: aside, moves: aside, keys: aside, draws: distribution, plans: distribution, policies: rules };

export type LaterKind = keyof typeof LATER;
export type Part = Component<LaterProps>;
