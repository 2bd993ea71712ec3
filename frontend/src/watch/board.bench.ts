/**
 * What one delta costs the board's own code, without the browser's share: 300 of 5,000 units change, by the order of
 * names and by what is available. Beside it, in the same run, the way it was done before: every name compared by the
 * language's rules each time. `make bench` prints it.
 */

import { bench, describe } from "vitest";
import type { Unit } from "../api/types";
import { compareNames } from "../i18n/format";
import { aShelter, aUnit, chance, NOW, someFacts } from "../live/examples";
import { applyDelta, EMPTY, type Board } from "../live/fold";
import { NO_COMMUNES } from "../region/communes";
import { NONE, select, selectPlace } from "./criteria";
import { collated } from "./naive";
import { arrange, type Sort } from "./order";
import { GROUPS, Rows } from "./rows";
import { sumByAudience, sumByCommune } from "./totals";

const CHANGED = 300;
const WORDS = ["Abri", "Halte", "Centre", "Refuge", "Foyer", "Étape", "Relais", "Pont"];

function boardOf(units: number): Board {
  const roll = chance(1);
  const shelters = Array.from({ length: units / 4 }, (_, place) => {
    const id = `s${place}`;
    const name = `${WORDS[roll(8)]} ${WORDS[roll(8)]} ${roll(900)}`;
    const own = [0, 1, 2, 3].map((unit) => someFacts({ id: `u${place * 4 + unit}`, name: `Unité ${roll(40)}`, audience: [GROUPS[roll(4)]!] }));
    return aShelter({ id, name, commune: String(roll(19)), units: own });
  });
  const all = Array.from({ length: units }, (_, place) => aUnit({ id: `u${place}`, shelter: `s${place >> 2}`, free: roll(9) }));
  const byId = <T extends { id: string }>(list: T[]) => new Map(list.map((one) => [one.id, one]));
  return { ...EMPTY, epoch: "e", to: 1, units: byId(all), shelters: byId(shelters) };
}

/** Returns how to take one delta after the other. */
function deltas(of: Board): () => Board {
  const roll = chance(2);
  const size = of.units.size;
  let board = of;
  return () => {
    const to = board.to + 1;
    const units: Unit[] = Array.from({ length: CHANGED }, () => {
      const place = roll(size);
      return aUnit({ id: `u${place}`, shelter: `s${place >> 2}`, seq: to, free: roll(9) });
    });
    return (board = applyDelta(board, { from: board.to, to, units, shelters: [], gone: [] })!);
  };
}

const SORTS: Sort[] = [
  { key: "shelter", descending: false },
  { key: "available", descending: true },
];
const compare = compareNames("fr");

for (const units of [5_000, 40_000])
  describe.each(SORTS)(`${units} units by $key`, (sort) => {
    const now = { rows: new Rows(), next: deltas(boardOf(units)) };
    bench("now", () => {
      const list = now.rows.follow(now.next(), "fr", NO_COMMUNES);
      const everywhere = select(list, NONE, NOW);
      arrange(selectPlace(everywhere, NONE), sort, compare);
      sumByAudience(list, "night");
      sumByCommune(everywhere, NOW);
    });

    const before = { rows: new Rows(), next: deltas(boardOf(units)) };
    bench("before", () => {
      const board = before.next();
      before.rows.follow(board, "fr", NO_COMMUNES);
      const list = [...board.units.keys()].map((id) => before.rows.get(id)!);
      collated(select(list, NONE, NOW), sort, compare);
      for (let group = 0; group < GROUPS.length; group += 1) sumByAudience(list, "night");
    });
  });
