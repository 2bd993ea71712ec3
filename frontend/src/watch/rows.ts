/** The board as rows: a unit beside what is lastingly known of it. Pure, and the same row object while nothing changed. */

import type { Admits, Regime, Shelter, Unit, UnitFacts } from "../api/types";
import { communeName } from "../communes";
import type { Language } from "../i18n/languages";
import type { Board } from "../live/fold";

export interface Row {
  readonly id: string;
  readonly unit: Unit;
  /** Null while the shelter itself has not arrived. */
  readonly facts: UnitFacts | null;
  readonly shelter: Shelter | null;
  readonly shelterName: string;
  readonly unitName: string;
  readonly commune: string;
  readonly communeCode: string;
  /** What a search looks in: both names of the commune, whatever the page's language. */
  readonly haystack: string;
}

export type RowCache = ReadonlyMap<string, Row>;

export function buildRows(board: Board, language: Language, cache: RowCache): Map<string, Row> {
  const factsOf = new Map<string, UnitFacts>();
  for (const shelter of board.shelters.values()) for (const facts of shelter.units) factsOf.set(facts.id, facts);
  const rows = new Map<string, Row>();
  for (const unit of board.units.values()) {
    const shelter = board.shelters.get(unit.shelter) ?? null;
    const known = cache.get(unit.id);
    const same = known !== undefined && known.unit === unit && known.shelter === shelter;
    rows.set(unit.id, same ? known : makeRow(unit, shelter, factsOf.get(unit.id) ?? null, language));
  }
  return rows;
}

function makeRow(unit: Unit, shelter: Shelter | null, facts: UnitFacts | null, language: Language): Row {
  const code = shelter?.commune ?? "";
  const words = [
    shelter?.name ?? "",
    shelter?.operator.name ?? "",
    facts?.name ?? "",
    communeName(code, "fr"),
    communeName(code, "nl"),
  ];
  return {
    id: unit.id,
    unit,
    facts,
    shelter,
    shelterName: shelter?.name ?? "…",
    unitName: facts?.name ?? "…",
    commune: communeName(code, language),
    communeCode: code,
    haystack: plain(words.join(" ")),
  };
}

/** Lower case, without accents: nobody types them at 23:00. */
export const plain = (text: string): string => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();

export const regimeOf = (row: Row): Regime => row.facts?.regime ?? "night";

/** A unit for everyone takes in this group too, unless its ages say otherwise. */
export function admits(row: Row, audience: Admits): boolean {
  const named = row.facts?.audience ?? [];
  if (named.includes(audience)) return true;
  if (!named.includes("everyone")) return false;
  return audience !== "minors" || (row.facts?.age_min ?? 0) < 18;
}
