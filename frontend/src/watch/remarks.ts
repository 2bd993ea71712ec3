/** What is to be said of a unit besides its numbers, worst first. Pure. */

import type { Allotment, Unit } from "../api/types";
import type { CommonWords } from "../i18n/common/en";
import type { WatchWords } from "../i18n/watch/en";
import { intakeOpen, overdue } from "../live/available";

export interface Remark {
  tone: "bad" | "warn" | "quiet";
  text: string;
}

export function remarksOn(
  unit: Unit,
  allotment: Allotment,
  nowMs: number,
  words: { common: CommonWords; watch: WatchWords; time: (instant: string) => string },
): Remark[] {
  const remarks: Remark[] = [];
  const flags = unit.masked ? [] : unit.flags;
  for (const flag of flags) {
    const counted = flag === "over-capacity" && !unit.masked && unit.over_by > 0;
    remarks.push({
      tone: flag === "overcommitted" || flag === "over-capacity" ? "bad" : "warn",
      text: counted ? words.watch.overBy(unit.over_by) : words.common.flags[flag],
    });
  }
  if (unit.status !== "closed" && !intakeOpen(unit, nowMs)) {
    const until = unit.intake_until;
    const text = until === null ? words.watch.paused : words.watch.pausedUntil(words.time(until));
    remarks.push({ tone: "warn", text });
  }
  for (const { places, until } of overdue(unit, nowMs))
    remarks.push({ tone: "warn", text: words.common.back(places, allotment, words.time(until!)) });
  if (unit.status !== "open") {
    const tone = unit.status === "awaiting-report" ? "warn" : "quiet";
    remarks.push({ tone, text: words.common.statuses[unit.status] });
  }
  return remarks.sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
}

const TONES: readonly Remark["tone"][] = ["bad", "warn", "quiet"];
