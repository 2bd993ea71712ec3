/** Finds a unit by a few letters of its name, its shelter's, operator's or commune's. Pure. */

import type { Place } from "../places.svelte";

const SHOWN = 12;

export const folded = (text: string): string => text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();

export function findUnits(
  places: ReadonlyMap<string, Place>,
  text: string,
  commune: (code: string) => string,
): { id: string; name: string }[] {
  const words = folded(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const found: { id: string; name: string }[] = [];
  for (const [id, { name, shelter }] of places) {
    const all = folded(`${name} ${shelter.operator.name} ${commune(shelter.commune)}`);
    if (words.every((word) => all.includes(word))) found.push({ id, name });
    if (found.length === SHOWN) break;
  }
  return found;
}
