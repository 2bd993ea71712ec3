/**
 * Which part of the page is open stands in its address, so that a reload and the way back come to it. What is about a
 * household never does: an address is kept by the browser (I9). Pure.
 */

import type { Panel } from "./desk.svelte";

/** What anybody who may open the page may open, and what loses nothing by being opened anew. */
const PARTS = ["moves", "draws", "plans", "policies", "keys"] as const;
type Part = (typeof PARTS)[number];

const known = (name: string | null): Part | null => PARTS.find((part) => part === name) ?? null;

/** The part that an address names. */
export const partOf = (query: string): Part | null => known(new URLSearchParams(query).get("part"));

/** The part that is open. */
export const partIn = ({ kind }: Panel): Part | null => known(kind);

export const queryOf = (part: Part | null): string => (part === null ? "" : `?part=${part}`);
