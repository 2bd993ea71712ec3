/** What a draw is called: for whom, which one of several for them, and how far it has come. */

import { deskWords } from "../../i18n/desk";
import { distributionWords } from "../../i18n/distribution";
import { dayAndTime } from "../../i18n/format";
import { language } from "../../i18n/language.svelte";
import { sharingWords } from "../../i18n/sharing";
import type { DrawState, DrawView } from "../shapes";

/** Of an open one, whether it waits for people or for the freeze. */
export const drawStep = ({ state, commitments }: DrawView): DrawState | "ready" =>
  state === "open" && commitments.length > 1 ? "ready" : state;

/** Its number among those for the same people, of whom all but one have been abandoned; null where it is the only one. */
export function numberOf({ id, audience }: DrawView, all: readonly DrawView[]): number | null {
  const same = all.filter((one) => one.audience === audience);
  return same.length < 2 ? null : same.findIndex((one) => one.id === id) + 1;
}

/** `all` of the night, the first begun first. */
export function drawName(draw: DrawView, all: readonly DrawView[], nowMs: number): string {
  const { states, ready, numbered } = distributionWords().draws;
  const words = { ...states, ready };
  const group = sharingWords().groups[draw.audience];
  const number = numberOf(draw, all);
  const which = number === null ? group : numbered(group, number, dayAndTime(language.current, draw.made_at, nowMs));
  return `${which}${deskWords().colon} ${words[drawStep(draw)]}`;
}
