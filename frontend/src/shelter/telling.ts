/** What became of something that was said, in words. */

import type { ExactUnit, ReportLine } from "../api/types";
import { clockTime, dayAndTime } from "../i18n/format";
import type { Language } from "../i18n/languages";
import { shelterWords } from "../i18n/shelter";
import { common } from "../i18n/words";
import { ageOf, spanOf } from "../live/freshness";
import { lineIn, type Work } from "../live/work";
import type { Attempt } from "./reporting.svelte";
import { sayLine } from "./saying";

export interface Tone {
  tone: "good" | "warn" | "bad";
  text: string;
}

export function sayWork(work: Work, unit: string, language: Language, nowMs: number): string {
  const words = shelterWords();
  if (work.kind === "void") return words.move.correction;
  if (work.kind === "act") return words.acts[work.act];
  if (work.kind === "movement") return words.move.said[work.body.direction](work.body.places);
  return sayLine(lineIn(work, unit)!, words, (until) => dayAndTime(language, until, nowMs));
}

/** Null while it is on its way: the button that was pressed says so itself. */
export function tell(attempt: Attempt, unit: string, language: Language, nowMs: number): Tone | null {
  const { result, news, count } = shelterWords();
  const said = sayWork(attempt.work, unit, language, nowMs);
  switch (attempt.state) {
    case "sending":
      return null;
    case "offline":
    case "unknown":
    case "busy":
      return { tone: "warn", text: result[attempt.state](said) };
    case "signed-out":
      return { tone: "warn", text: result.signedOut(said) };
    case "elsewhere":
      return { tone: "warn", text: `${said}. ${news.elsewhere}` };
    case "moved":
      return {
        tone: "warn",
        text: attempt.now.status === "closed" ? result.movedClosed : result.moved(count(attempt.now.free), said),
      };
    case "refused":
      return { tone: "bad", text: `${attempt.work.kind === "act" ? result.not(said) : `${said}.`} ${attempt.why}` };
    case "answered":
      return { tone: "good", text: result.answered(said) };
    case "settled":
      return settled(attempt, unit, said, language, nowMs);
  }
}

function settled(
  { outcome, work, unit: state }: Extract<Attempt, { state: "settled" }>,
  unit: string,
  what: string,
  language: Language,
  nowMs: number,
): Tone {
  const { result, move, count } = shelterWords();
  if (outcome === "recorded") {
    const free = count(state.free);
    return { tone: "good", text: work.kind === "void" ? move.voided(free) : move.recorded(what, free) };
  }
  const said = lineIn(work, unit)!;
  if (outcome === "coming") return { tone: "good", text: result.coming(count(state.coming?.free ?? said.free ?? 0)) };
  if (outcome !== "applied") return { tone: "warn", text: `${newer(said, state, nowMs)} ${result.kept}` };
  // By the server's clock, as everything else on the page.
  const now = clockTime(language, nowMs);
  if (said.free === undefined) return { tone: "good", text: `${result.applied(what, now)} ${result.uncounted}` };
  const time = state.confirmed_at === null ? now : clockTime(language, state.confirmed_at);
  const stands = sayLine({ ...said, free: state.free }, shelterWords(), (until) => dayAndTime(language, until, nowMs));
  return { tone: "good", text: result.applied(stands, time) };
}

function newer(said: ReportLine, state: ExactUnit, nowMs: number): string {
  const { result, count } = shelterWords();
  if (said.free === undefined) return result.newer;
  return result.superseded(count(state.free), common().ago(spanOf(ageOf(state, nowMs).seconds ?? 0)));
}
