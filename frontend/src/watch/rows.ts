/**
 * The board as rows: a unit beside what is lastingly known of it, in the order of names. Pure.
 *
 * A row is made anew where its unit or shelter changed, and is the same object where not. Names are compared only when
 * one changed: that is what costs, not the walk over thousands of rows.
 */

import type { Admits, Allotment, Regime, Shelter, Unit, UnitFacts } from "../api/types";
import { compareNames } from "../i18n/format";
import type { Language } from "../i18n/languages";
import { atLeast } from "../live/available";
import type { Board } from "../live/fold";
import { communeName, type Communes } from "../region/communes";

/** Whom one looks for. Nobody looks for everyone: what is for everyone is found under each. */
export const GROUPS = ["men", "women", "families", "minors"] as const;
export type Group = (typeof GROUPS)[number];

/** What does not change with a report. */
interface About {
  /** Null while the shelter itself has not arrived. */
  readonly facts: UnitFacts | null;
  readonly shelter: Shelter | null;
  readonly shelterName: string;
  readonly unitName: string;
  readonly commune: string;
  readonly communeCode: string;
  readonly regime: Regime;
  readonly allotment: Allotment;
  readonly groups: readonly Group[];
  /** What a search looks in: every name of the commune, whatever the page's language. */
  readonly haystack: string;
}

export interface Row extends About {
  readonly id: string;
  readonly unit: Unit;
  /** The least that is certainly there. */
  readonly available: number;
  readonly confirmedMs: number;
  /** From when the count is stale, or silent. */
  readonly oldFromMs: number;
}

export class Rows {
  #list: readonly Row[] = [];
  #places = new Map<string, number>();
  #board: Pick<Board, "units" | "shelters"> | null = null;
  #language: Language | null = null;
  #communes: Communes | null = null;

  get(id: string): Row | undefined {
    const place = this.#places.get(id);
    return place === undefined ? undefined : this.#list[place];
  }

  /** Returns the rows of this board in the order of names; the same list where nothing changed. */
  follow(board: Pick<Board, "units" | "shelters">, language: Language, communes: Communes): readonly Row[] {
    const spoken = this.#language === language && this.#communes === communes;
    const defined = spoken && this.#board?.shelters === board.shelters;
    if (defined && this.#board?.units === board.units) return this.#list;
    const next = this.#made(board, language, communes, spoken, defined);
    this.#board = board;
    this.#language = language;
    this.#communes = communes;
    return next;
  }

  #made(board: Pick<Board, "units" | "shelters">, language: Language, communes: Communes, spoken: boolean, defined: boolean) {
    const made: Row[] = [];
    let renamed = !spoken || board.units.size !== this.#list.length;
    const rowOf = (unit: Unit): Row => {
      const known = this.get(unit.id);
      const same = known !== undefined && known.unit.shelter === unit.shelter && spoken;
      if (same && known.unit === unit && (defined || known.shelter === shelterOf(board, unit))) return known;
      const shelter = shelterOf(board, unit);
      const facts = shelter?.units.find((one) => one.id === unit.id) ?? null;
      const about = same && known.shelter === shelter ? known : aboutOf(shelter, facts, language, communes);
      const row = rowFrom(about, unit);
      renamed ||= known === undefined || !namedAlike(known, row);
      made.push(row);
      return row;
    };
    const all: Row[] = [];
    for (const unit of board.units.values()) all.push(rowOf(unit));
    // Of equal number, and yet others: whoever is new was unknown, and counts as renamed.
    if (renamed) this.#list = inOrderOfNames(all, language);
    else if (made.length > 0) this.#list = this.#replaced(made);
    if (renamed) this.#places = new Map(this.#list.map((row, place) => [row.id, place]));
    return this.#list;
  }

  #replaced(made: readonly Row[]): readonly Row[] {
    const next = [...this.#list];
    for (const row of made) next[this.#places.get(row.id)!] = row;
    return next;
  }
}

const shelterOf = (board: Pick<Board, "shelters">, unit: Unit) => board.shelters.get(unit.shelter) ?? null;

const namedAlike = (a: Row, b: Row): boolean =>
  a.shelterName === b.shelterName && a.unitName === b.unitName && a.unit.shelter === b.unit.shelter;

function aboutOf(shelter: Shelter | null, facts: UnitFacts | null, language: Language, communes: Communes): About {
  const code = shelter?.commune ?? "";
  const words = [shelter?.name, shelter?.operator.name, facts?.name, ...Object.values(communes.get(code) ?? {}), code];
  return {
    facts,
    shelter,
    shelterName: shelter?.name ?? "…",
    unitName: facts?.name ?? "…",
    commune: communeName(communes, code, language),
    communeCode: code,
    regime: facts?.regime ?? "night",
    allotment: facts?.allotment ?? "place",
    groups: GROUPS.filter((group) => admits(facts, group)),
    haystack: plain(words.join(" ")),
  };
}

/** Member by member: objects that are spread into each other are slow to make, and then slow to read. */
function rowFrom(about: About, unit: Unit): Row {
  const old = unit.status === "unconfirmed" ? null : (unit.stale_at ?? unit.silent_at);
  return {
    facts: about.facts,
    shelter: about.shelter,
    shelterName: about.shelterName,
    unitName: about.unitName,
    commune: about.commune,
    communeCode: about.communeCode,
    regime: about.regime,
    allotment: about.allotment,
    groups: about.groups,
    haystack: about.haystack,
    id: unit.id,
    unit,
    available: atLeast(unit),
    confirmedMs: unit.confirmed_at === null ? 0 : Date.parse(unit.confirmed_at),
    oldFromMs: unit.confirmed_at === null || old === null ? Number.POSITIVE_INFINITY : Date.parse(old),
  };
}

/** Names, then ids: never a tie. By shelter first, so that few names are compared. */
function inOrderOfNames(rows: readonly Row[], language: Language): readonly Row[] {
  const compare = compareNames(language);
  const shelters = new Map<string, Row[]>();
  for (const row of rows) {
    const known = shelters.get(row.unit.shelter);
    if (known === undefined) shelters.set(row.unit.shelter, [row]);
    else known.push(row);
  }
  const named = [...shelters].map(([id, units]) => ({ id, name: units[0]!.shelterName, units }));
  named.sort((a, b) => compare(a.name, b.name) || byText(a.id, b.id));
  return named.flatMap(({ units }) => units.sort((a, b) => compare(a.unitName, b.unitName) || byText(a.id, b.id)));
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Lower case, without accents: nobody types them at 23:00. */
export const plain = (text: string): string => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();

/** A unit for everyone takes in this group too, unless its ages say otherwise. */
function admits(facts: UnitFacts | null, audience: Admits): boolean {
  const named = facts?.audience ?? [];
  if (named.includes(audience)) return true;
  if (!named.includes("everyone")) return false;
  return audience !== "minors" || (facts?.age_min ?? 0) < 18;
}
