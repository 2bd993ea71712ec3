/** What a draw is called: for whom, and how far it has come. */

import { deskWords } from "../../i18n/desk";
import { distributionWords } from "../../i18n/distribution";
import { sharingWords } from "../../i18n/sharing";
import type { DrawState, DrawView } from "../shapes";

/** Of an open one, whether it waits for people or for the freeze. */
export const drawStep = ({ state, commitments }: DrawView): DrawState | "ready" =>
  state === "open" && commitments.length > 1 ? "ready" : state;

export function drawName(draw: DrawView): string {
  const { states, ready } = distributionWords().draws;
  const words = { ...states, ready };
  return `${sharingWords().groups[draw.audience]}${deskWords().colon} ${words[drawStep(draw)]}`;
}
