/** The names of a region's communes. A region is data: a code that it does not name is shown as it is. Pure. */

import type { RegionMap } from "../api/types";
import type { Language } from "../i18n/languages";

export type Communes = ReadonlyMap<string, Readonly<Record<string, string>>>;

export const NO_COMMUNES: Communes = new Map();

export const communesOf = (map: RegionMap | null | undefined): Communes =>
  map ? new Map(map.communes.map(({ code, names }) => [code, names])) : NO_COMMUNES;

/** A language in which a commune has no name of its own takes the first that the region gave. */
export function communeName(communes: Communes, code: string, language: Language): string {
  const names = communes.get(code) ?? {};
  return names[language] ?? Object.values(names)[0] ?? code;
}
