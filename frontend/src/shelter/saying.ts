/** A line of a report in words: what is about to be sent, or was. Pure. */

import type { OutOfService, ReportLine } from "../api/types";
import type { ShelterWords } from "../i18n/shelter/en";

const placesIn = (parts: readonly OutOfService[]): number => parts.reduce((sum, part) => sum + part.places, 0);

export function sayLine(line: ReportLine, words: ShelterWords, time: (instant: string) => string): string {
  const said: string[] = [];
  if (line.free !== undefined) said.push(words.count(line.free));
  if (line.over_by) said.push(words.overBy(line.over_by));
  if (line.out_of_service) said.push(words.now.out(placesIn(line.out_of_service)));
  if (line.intake) said.push(sayIntake(line.intake, words, time));
  return said.join(", ");
}

function sayIntake(
  { state, until }: NonNullable<ReportLine["intake"]>,
  { now }: ShelterWords,
  time: (instant: string) => string,
): string {
  if (state === "open") return now.open;
  return until === undefined ? now.paused : now.pausedUntil(time(until));
}
