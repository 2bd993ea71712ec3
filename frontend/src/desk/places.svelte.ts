/** Names and states of units and shelters by their ids, from the live board. */

import type { Shelter, Unit, UnitFacts } from "../api/types";
import { compareNames } from "../i18n/format";
import { deskWords } from "../i18n/desk";
import { language } from "../i18n/language.svelte";
import { reasonWords } from "../i18n/reasons";
import { common } from "../i18n/words";
import type { LiveBoard } from "../live/board.svelte";
import { communeName } from "../region/communes";
import type { Region } from "../region/region.svelte";
import type { Names } from "./saying";

export interface Place {
  shelter: Shelter;
  facts: UnitFacts;
  /** "Room 12, Linden House" */
  name: string;
}

export class Places {
  #live: LiveBoard;
  #region: Region;
  /** Definitions change seldom: the names are made anew when one does, and not with every count. */
  readonly #shelters = $derived.by(() => this.#live.board.shelters);

  readonly all = $derived.by((): ReadonlyMap<string, Place> => {
    const { in: named } = deskWords();
    const places = new Map<string, Place>();
    for (const shelter of this.#shelters.values())
      for (const facts of shelter.units) places.set(facts.id, { shelter, facts, name: named(facts.name, shelter.name) });
    return places;
  });

  readonly shelters = $derived.by((): [id: string, name: string][] =>
    [...this.#shelters.values()].map(({ id, name }): [string, string] => [id, name]).sort((a, b) => this.#compare(a[1], b[1])),
  );

  readonly communes = $derived.by((): [code: string, name: string][] => {
    const codes = new Set(this.#region.communes.keys());
    for (const { commune } of this.#shelters.values()) codes.add(commune);
    return [...codes].map((code): [string, string] => [code, this.commune(code)]).sort((a, b) => this.#compare(a[1], b[1]));
  });

  /** The three of the screens, and whatever a shelter of the region speaks. */
  readonly languages = $derived.by((): string[] => {
    const codes = new Set(["fr", "nl", "en"]);
    for (const shelter of this.#shelters.values()) for (const code of shelter.languages) codes.add(code);
    return [...codes];
  });

  constructor(live: LiveBoard, region: Region) {
    this.#live = live;
    this.#region = region;
  }

  #compare(a: string, b: string): number {
    return compareNames(language.current)(a, b);
  }

  name(unit: string): string {
    return this.all.get(unit)?.name ?? deskWords().unknownUnit;
  }

  shelterName(shelter: string): string {
    return this.#shelters.get(shelter)?.name ?? "…";
  }

  state(unit: string): Unit | undefined {
    return this.#live.board.units.get(unit);
  }

  commune(code: string): string {
    return communeName(this.#region.communes, code, language.current);
  }

  /** What the sentences of matching's codes name. */
  get names(): Names {
    const { declines } = deskWords();
    const { audiences } = common();
    const commune = (code: string) => this.commune(code);
    return { language: language.current, nowMs: this.#live.nowMs, commune, audiences, declines, or: reasonWords().orList };
  }
}
