/** The units that this account speaks for, by shelter, in the order of their names. Pure. */

import type { ExactUnit, Shelter, UnitFacts } from "../api/types";
import { compareNames } from "../i18n/format";
import type { Language } from "../i18n/languages";
import type { Board } from "../live/fold";

export interface OwnUnit {
  unit: ExactUnit;
  facts: UnitFacts;
}

export interface Site {
  shelter: Shelter;
  units: OwnUnit[];
}

export function ownUnits(board: Board, language: Language): Site[] {
  const compare = compareNames(language);
  const sites = [...board.shelters.values()].map((shelter) => ({ shelter, units: unitsOf(board, shelter) }));
  for (const site of sites) site.units.sort((a, b) => compare(a.facts.name, b.facts.name));
  return sites.filter((site) => site.units.length > 0).sort((a, b) => compare(a.shelter.name, b.shelter.name));
}

function unitsOf(board: Board, shelter: Shelter): OwnUnit[] {
  return shelter.units.flatMap((facts) => {
    const unit = board.units.get(facts.id);
    return unit === undefined || unit.masked ? [] : [{ unit, facts }];
  });
}
