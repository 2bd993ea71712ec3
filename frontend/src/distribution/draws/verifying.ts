/**
 * Draws again, from the exported file alone: docs/distribution.md describes the steps, and `halte draw verify` does the
 * same. Pure; what it computes with is the browser's own SHA-256.
 */

import type { DrawView } from "../shapes";

export interface DrawFile {
  list: {
    draw: string;
    policy: { draw: { strata: unknown[]; tickets: { tickets: number }[] } };
    entries: Entry[];
    [further: string]: unknown;
  };
  list_hash: string;
  commitments: [string, string];
  secrets: [string, string];
  seed: string;
  order: string[];
}

interface Entry {
  pseudonym: string;
  stratum: number;
  tickets: number;
}

export const CHECKS = ["list", "entries", "commitments", "seed", "order", "shown"] as const;
export type Check = (typeof CHECKS)[number];
/** Which checks do not hold. `unreadable`: it is no file of a draw at all. */
export type Verdict = { holds: boolean; failed: Check[]; unreadable: boolean };

const FORMAT = "halte-draw-1";

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
const sha256Text = (text: string): Promise<string> => sha256(new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>);

export const newSecret = (): string => hex(crypto.getRandomValues(new Uint8Array(32)));

export const isSecret = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** What was noted down by hand may have spaces and capitals. */
export const cleaned = (text: string): string => text.toLowerCase().replaceAll(/\s/g, "");

/** The commitment to a secret. */
export const digestOf = (secret: string): Promise<string> => sha256(bytesOf(secret));

/** JSON with its members sorted and no space in between. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join()}}`;
}

export const listHash = (list: DrawFile["list"]): Promise<string> => sha256Text(canonical(list));

export const seedOf = ({ list_hash, commitments, secrets }: DrawFile): Promise<string> =>
  sha256Text([`${FORMAT} seed`, list_hash, ...commitments, ...secrets].join("\n"));

/** Stratum by stratum, and in each by the least of the numbers of a household's tickets. */
export async function orderOf(seed: string, entries: readonly Entry[]): Promise<string[]> {
  const drawn = await Promise.all(
    entries.map(async (entry) => {
      const tickets = Array.from({ length: entry.tickets }, (_, n) => sha256Text(`${seed} ${entry.pseudonym} ${n + 1}`));
      return { ...entry, best: (await Promise.all(tickets)).sort()[0]! };
    }),
  );
  drawn.sort((a, b) => a.stratum - b.stratum || compare(a.best, b.best) || compare(a.pseudonym, b.pseudonym));
  return drawn.map(({ pseudonym }) => pseudonym);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const same = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();

function areEntries({ entries, policy }: DrawFile["list"]): boolean {
  const names = entries.map(({ pseudonym }) => pseudonym);
  const tickets = new Set([1, ...policy.draw.tickets.map((rule) => rule.tickets)]);
  return (
    same(names, [...new Set(names)].sort()) &&
    entries.every((entry) => entry.stratum <= policy.draw.strata.length && tickets.has(entry.tickets))
  );
}

/** `shown`: what this page says of the draw is what is in the file. */
export async function verify(content: unknown, view: DrawView): Promise<Verdict> {
  try {
    const file = content as DrawFile;
    const { list, commitments, secrets } = file;
    const digests = await Promise.all(secrets.map(digestOf));
    const seed = await seedOf(file);
    const shown = view.entries.filter(({ position }) => position !== null).sort((a, b) => a.position! - b.position!);
    const holds: Record<Check, boolean> = {
      list: list["format"] === FORMAT && (await listHash(list)) === file.list_hash,
      entries: areEntries(list),
      commitments: commitments.length === 2 && commitments[0] !== commitments[1] && same(digests, commitments),
      seed: seed === file.seed,
      order: same(await orderOf(seed, list.entries), file.order),
      shown:
        list.draw === view.id &&
        file.list_hash === view.list_hash &&
        same(commitments, view.commitments.map(({ commitment }) => commitment)) &&
        same(shown.map(({ pseudonym }) => pseudonym ?? ""), file.order),
    };
    const failed = CHECKS.filter((check) => !holds[check]);
    return { holds: failed.length === 0, failed, unreadable: false };
  } catch {
    return { holds: false, failed: [], unreadable: true };
  }
}
