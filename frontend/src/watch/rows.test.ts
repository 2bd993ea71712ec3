/** Whatever happened to a board, its rows, order and totals are those of a board that is built from nothing. */

import { describe, expect, it } from "vitest";
import type { Shelter, Unit } from "../api/types";
import { compareNames } from "../i18n/format";
import type { Language } from "../i18n/languages";
import { aMaskedUnit, aShelter, aUnit, chance, minutesAgo, NOW, someFacts } from "../live/examples";
import { applyDelta, applySnapshot, EMPTY, type Board } from "../live/fold";
import { communesOf } from "../region/communes";
import { AVAILABILITIES, FRESHNESSES, NONE, select, selectPlace, type Criteria } from "./criteria";
import { naiveRows, naiveView } from "./naive";
import { arrange, SORTS } from "./order";
import { GROUPS, Rows } from "./rows";
import { sumByAudience, sumByCommune } from "./totals";

const NAMES = ["Abri", "abri", "Étoile", "Etoile", "Halte 2", "Halte 10", "…", "Œuvre", "Zonnebloem"];
const COMMUNES = communesOf({
  communes: [
    { code: "1", names: { fr: "Été", nl: "Zomer" }, point: [4, 50] },
    { code: "2", names: { fr: "Zénith", nl: "Aarde" }, point: [4, 50] },
  ],
  outline: [],
  attribution: "",
});

type Chance = (below: number) => number;
const pick = <T>(roll: Chance, list: readonly T[]): T => list[roll(list.length)]!;

function someUnit(roll: Chance, id: string, seq: number): Unit {
  const common = { id, seq, shelter: `s${roll(8)}`, confirmed_at: roll(9) === 0 ? null : minutesAgo(roll(600)) };
  const status = pick(roll, ["open", "open", "open", "unconfirmed", "closed"] as const);
  if (roll(5) === 0) return aMaskedUnit({ ...common, status, band: pick(roll, ["0", "1-2", "3+"] as const) });
  return aUnit({ ...common, status, free: roll(6), held: roll(3), stale_at: minutesAgo(roll(600) - 300) });
}

function someShelter(roll: Chance, id: string, seq: number): Shelter {
  const units = Array.from({ length: 6 }, (_, place) =>
    someFacts({
      id: `u${(Number(id.slice(1)) * 6 + place) % 40}`,
      name: pick(roll, NAMES),
      audience: [pick(roll, [...GROUPS, "everyone" as const])],
      age_min: pick(roll, [null, 18]),
      allotment: pick(roll, ["place", "room"] as const),
      regime: pick(roll, ["night", "night", "admission"] as const),
    }),
  );
  return aShelter({ id, seq, name: pick(roll, NAMES), commune: pick(roll, ["1", "2", "3"]), units });
}

function step(roll: Chance, board: Board): Board {
  const to = board.to + 1;
  if (roll(12) === 0) {
    const kept = [...board.units.values()].filter(() => roll(4) > 0);
    return applySnapshot(board, { epoch: "e", seq: to, now: "", live: "redis", units: kept, shelters: [...board.shelters.values()] });
  }
  const units = Array.from({ length: roll(6) }, () => someUnit(roll, `u${roll(40)}`, to));
  const shelters = roll(4) === 0 ? [someShelter(roll, `s${roll(8)}`, to)] : [];
  const gone = roll(5) === 0 ? [`u${roll(40)}`] : [];
  return applyDelta({ ...board, epoch: "e" }, { from: board.to, to, units, shelters, gone })!;
}

const someCriteria = (roll: Chance): Criteria => ({
  ...NONE,
  text: pick(roll, ["", "", "ete", "abri", "zomer 2"]),
  audience: pick(roll, ["", ...GROUPS] as const),
  commune: pick(roll, ["", "", "1", "3"]),
  shelter: pick(roll, ["", "", "", "s2"]),
  availability: pick(roll, AVAILABILITIES),
  freshness: pick(roll, FRESHNESSES),
});

describe.each(Array.from({ length: 40 }, (_, seed) => seed))("history %i", (seed) => {
  it("leaves the rows, the order and the totals of a board built from nothing", () => {
    const roll = chance(seed);
    const rows = new Rows();
    let board: Board = { ...EMPTY, epoch: "e" };
    let language: Language = "fr";
    for (let at = 0; at < 30; at += 1) {
      board = step(roll, board);
      if (roll(9) === 0) language = pick(roll, ["fr", "nl", "en"] as const);
      if (roll(3) === 0) continue; // several deltas between two looks
      const list = rows.follow(board, language, COMMUNES);
      const plainest = naiveRows(board, language, COMMUNES);
      expect(list).toEqual(plainest);
      for (const row of list) expect(rows.get(row.id)).toBe(row);

      const criteria = someCriteria(roll);
      const sort = { key: pick(roll, SORTS), descending: roll(2) === 0 };
      const everywhere = select(list, criteria, NOW);
      const shown = arrange(selectPlace(everywhere, criteria), sort, compareNames(language));
      const naive = naiveView(board, criteria, sort, language, COMMUNES, NOW);
      expect(shown.map((row) => row.id)).toEqual(naive.map((row) => row.id));

      const byAudience = sumByAudience(list, "night");
      for (const group of GROUPS)
        for (const of of ["place", "room"] as const) {
          const counted = plainest.filter(
            (row) => row.facts && row.regime === "night" && row.allotment === of && row.groups.includes(group),
          );
          expect(byAudience.groups[group][of].count).toBe(counted.reduce((sum, row) => sum + row.available, 0));
        }
      for (const [code, sums] of sumByCommune(everywhere, NOW)) {
        const inIt = select(plainest, criteria, NOW).filter((row) => row.communeCode === code);
        expect([sums.units, sums.old]).toEqual([inIt.length, inIt.filter((row) => row.oldFromMs <= NOW).length]);
        for (const of of ["place", "room"] as const)
          expect(sums[of].count).toBe(inIt.filter((row) => row.allotment === of).reduce((n, row) => n + row.available, 0));
      }
    }
  });
});
