/** What stands on the list, and what somebody has said of it that has not arrived yet. Pure. */

import type { PlacementView } from "../../api/orientation";
import type { Outbox } from "../../live/outbox.svelte";
import type { Entry, Told, Work } from "../../live/work";
import { attemptOf, type Attempt } from "../reporting.svelte";

/** Who waits for an answer first, then by when they are to come. */
export function openOf(views: Iterable<PlacementView>): PlacementView[] {
  const key = ({ state, held_at, arrive_by }: PlacementView) =>
    state === "held" ? `0 ${held_at}` : `1 ${arrive_by ?? ""}`;
  return [...views].filter(({ state }) => state !== "ended").sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The last first. */
export function endedOf(views: Iterable<PlacementView>): PlacementView[] {
  const ended = [...views].filter(({ state }) => state === "ended");
  return ended.sort((a, b) => ((a.ended_at ?? "") > (b.ended_at ?? "") ? -1 : 1));
}

export const placementOf = (work: Work): string | undefined =>
  work.kind === "act" ? work.placement : work.kind === "movement" ? work.body.placement : undefined;

type Said = Pick<Outbox, "entries" | "waits" | "answers">;

/** What became of the last that was said of it on this page, or waits. */
export function attemptAt({ entries, waits, answers }: Said, { id, unit }: PlacementView): Attempt | undefined {
  const about = ({ work }: Entry | Told) => placementOf(work) === id;
  const waiting = entries.findLast(about);
  if (waiting) return { state: waits[waiting.id] ?? "unknown", id: waiting.id, work: waiting.work };
  const told = answers.findLast(about);
  return told && attemptOf(told, unit);
}

/** The placement with all that waits. */
export function asAnswered(view: PlacementView, { entries }: Pick<Said, "entries">): PlacementView["state"] {
  const works = entries.map(({ work }) => work).filter((work) => placementOf(work) === view.id);
  return works.reduce<PlacementView["state"]>(
    (state, work) => (work.kind === "act" && work.act === "accept" && state === "held" ? "accepted" : "ended"),
    view.state,
  );
}

export const isRecorded = (attempt: Attempt | undefined): boolean =>
  attempt?.state === "answered" || attempt?.state === "settled";

/** Recorded, and the list does not have it yet: nothing else is to be said meanwhile. */
export function isOnItsWay(attempt: Attempt | undefined, { state, ending }: PlacementView): boolean {
  if (attempt === undefined || !isRecorded(attempt)) return false;
  const { work } = attempt;
  if (work.kind !== "act") return ending !== "arrived";
  return work.act === "accept" ? state === "held" : state !== "ended";
}

/** The arrival that this phone has recorded, so that a wrong tap can be taken back. */
export const arrivalOf = (told: readonly Told[], { id }: PlacementView): Told | undefined =>
  told.find(({ work, outcome }) => work.kind === "movement" && work.body.placement === id && outcome === "recorded");
