import { describe, expect, it } from "vitest";
import type { Shelter, Unit } from "../api/types";
import { en as common } from "../i18n/common/en";
import { compareNames } from "../i18n/format";
import { en as words } from "../i18n/watch/en";
import { aMaskedUnit, aShelter, aUnit, minutesAgo, NOW, someFacts } from "../live/examples";
import { EMPTY, type Board } from "../live/fold";
import { communeName, communesOf } from "../region/communes";
import { countElsewhere, fromQuery, isFiltered, NONE, select, selectPlace, toQuery, type Criteria } from "./criteria";
import { arrange, FIRST_SORT, keep, pressed, sameOrder } from "./order";
import { remarksOn } from "./remarks";
import { Rows, type Row } from "./rows";
import { sumByAudience, sumByCommune } from "./totals";

function boardOf(units: Unit[], shelters: Shelter[]): Board {
  const byId = <T extends { id: string }>(list: T[]) => new Map(list.map((one) => [one.id, one]));
  return { ...EMPTY, epoch: "e1", units: byId(units), shelters: byId(shelters) };
}

const facts = (id: string, change = {}) => someFacts({ id, name: `Unit ${id}`, ...change });

const board = boardOf(
  [
    aUnit({ id: "a", shelter: "s1", free: 5, held: 2 }),
    aUnit({ id: "b", shelter: "s1", free: 2, held: 0, status: "unconfirmed" }),
    aUnit({ id: "c", shelter: "s2", free: 0, held: 0, flags: ["stuck"] }),
    aMaskedUnit({ id: "d", shelter: "s3", band: "1-2" }),
    aUnit({ id: "e", shelter: "s2", free: 3, held: 0, intake: "paused" }),
    aUnit({ id: "f", shelter: "s4", free: 4, held: 1 }),
  ],
  [
    aShelter({ id: "s1", name: "Étoile", commune: "21009", units: [facts("a"), facts("b", { audience: ["women"] })] }),
    aShelter({
      id: "s2",
      name: "Abri",
      commune: "21004",
      units: [facts("c", { audience: ["everyone"] }), facts("e", { audience: ["everyone"], allotment: "room" })],
    }),
    aShelter({ id: "s3", name: "Refuge", secret: true, units: [facts("d", { audience: ["women"] })] }),
    aShelter({ id: "s4", name: "Foyer", units: [facts("f", { regime: "admission" })] }),
  ],
);

const communes = communesOf({
  communes: [
    { code: "21004", names: { fr: "Bruxelles", nl: "Brussel" }, point: [4.352, 50.847] },
    { code: "21009", names: { fr: "Ixelles", nl: "Elsene" }, point: [4.372, 50.827] },
    { code: "21012", names: { fr: "Molenbeek-Saint-Jean", nl: "Sint-Jans-Molenbeek" }, point: [4.33, 50.855] },
  ],
  outline: [],
  attribution: "",
});
const rowsOf = (of: Board): readonly Row[] => new Rows().follow(of, "fr", communes);
const rows = rowsOf(board);
const ids = (list: readonly Row[]): string => list.map((row) => row.id).join("");
const found = (criteria: Partial<Criteria>): string => {
  const wanted = { ...NONE, ...criteria };
  return [...ids(selectPlace(select(rows, wanted, NOW), wanted))].sort().join("");
};

describe("rows", () => {
  it("stay the same objects where nothing changed, and follow the language", () => {
    const kept = new Rows();
    const before = kept.follow(board, "fr", communes);
    const changed = { ...board, units: new Map(board.units).set("a", aUnit({ id: "a", shelter: "s1", seq: 2 })) };
    const after = kept.follow(changed, "fr", communes);
    expect(after.filter((row, place) => row !== before[place]).map((row) => row.id)).toEqual(["a"]);
    expect(kept.follow(changed, "fr", communes)).toBe(after);
    expect(kept.follow(changed, "nl", communes).map((row) => row.commune)).toContain("Elsene");
  });

  it("are there before their shelter is", () => {
    const early = rowsOf({ ...board, shelters: new Map() });
    expect(early.find((row) => row.id === "a")).toMatchObject({ shelterName: "…", unitName: "…", facts: null });
  });

  it("show an unknown commune by its code", () => {
    expect(communeName(communes, "62063", "fr")).toBe("62063");
    expect(communeName(communes, "21004", "nl")).toBe("Brussel");
    expect(communeName(communes, "21004", "en")).toBe("Bruxelles");
    expect(communeName(communesOf(null), "21004", "fr")).toBe("21004");
  });
});

describe("the criteria", () => {
  it("keep the two regimes apart", () => {
    expect(found({})).toBe("abcde");
    expect(found({ regime: "admission" })).toBe("f");
    expect(countElsewhere(rows, { ...NONE, text: "foyer" }, NOW)).toBe(1);
  });

  it("find words without their accents, and communes by either name", () => {
    expect(found({ text: "etoile" })).toBe("ab");
    expect(found({ text: "ELSENE unit a" })).toBe("a");
    expect(found({ text: "ixelles b" })).toBe("ab");
    expect(found({ text: "nowhere" })).toBe("");
    expect(found({ text: "21009" })).toBe("ab");
  });

  it("narrow the table to a commune or a shelter, and not what the map is told of", () => {
    expect(found({ commune: "21004" })).toBe("ce");
    expect(found({ shelter: "s1" })).toBe("ab");
    expect(select(rows, { ...NONE, commune: "21004", shelter: "s2" }, NOW)).toHaveLength(5);
  });

  it("give everyone's places to each group", () => {
    expect(found({ audience: "men" })).toBe("ace");
    expect(found({ audience: "women" })).toBe("bcde");
  });

  it("do not give minors what begins at 18", () => {
    expect(found({ audience: "minors" })).toBe("");
  });

  it("call available only what can be given now", () => {
    expect(found({ availability: "now" })).toBe("ad");
    expect(found({ availability: "nothing" })).toBe("bc");
    expect(found({ availability: "attention" })).toBe("c");
  });

  it("ask how old a count is", () => {
    expect(found({ freshness: "fresh" })).toBe("acde");
    expect(found({ freshness: "unconfirmed" })).toBe("b");
    const later = select(rows, { ...NONE, freshness: "old" }, NOW + 8 * 3_600_000);
    expect(ids(later)).toBe("cead");
  });

  it("survive the address bar, and ignore what makes no sense there", () => {
    const criteria: Criteria = { ...NONE, regime: "admission", text: "à côté", audience: "women", commune: "21004" };
    expect(fromQuery(new URLSearchParams(toQuery(criteria)).toString())).toEqual(criteria);
    expect(toQuery(NONE)).toEqual([]);
    expect(fromQuery("?audience=robots&availability=now")).toEqual({ ...NONE, availability: "now" });
    expect([isFiltered(NONE), isFiltered({ ...NONE, regime: "admission" }), isFiltered(criteria)]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("totals", () => {
  const night = sumByAudience(rows, "night");

  it("never add places to rooms, nor one regime to the other", () => {
    const { men } = night.groups;
    expect([men.place.count, men.room.count, men.room.units]).toEqual([3, 3, 1]);
    expect(sumByAudience(rows, "admission").groups.men.place.count).toBe(3);
    expect(night.units).toBe(5);
  });

  it("say so where a band makes them the least there can be", () => {
    expect(night.groups.women.place).toEqual({ units: 3, count: 1, exact: false });
    expect(night.groups.men.place.exact).toBe(true);
  });

  it("are by commune too, the secret ones in it, and what is old is counted", () => {
    const later = NOW + 8 * 3_600_000;
    const sums = sumByCommune(select(rows, NONE, NOW), later);
    expect([...sums.keys()].sort()).toEqual(["21004", "21009", "21012"]);
    expect(sums.get("21004")).toMatchObject({ name: "Bruxelles", units: 2, old: 2, room: { units: 1, count: 3 } });
    expect(sums.get("21009")).toMatchObject({ units: 2, old: 1, place: { units: 2, count: 3, exact: true } });
    expect(sums.get("21012")).toMatchObject({ units: 1, place: { count: 1, exact: false } });
  });
});

describe("the order", () => {
  const names = compareNames("fr");
  const all = select(rows, NONE, NOW);

  it("is by shelter first, and by available with the most on top", () => {
    expect(ids(arrange(all, FIRST_SORT, names))).toBe("ceabd");
    expect(ids(arrange(all, pressed(FIRST_SORT, "available"), names))).toBe("eadcb");
    expect(pressed({ key: "available", descending: true }, "available").descending).toBe(false);
  });

  it("does not depend on the order in which things came", () => {
    const turned = { ...board, units: new Map([...board.units].reverse()) };
    expect(ids(rowsOf(turned))).toBe(ids(rows));
    expect(ids(arrange(all, { key: "commune", descending: false }, names))).toBe("ceabd");
    expect(ids(arrange(all, { key: "shelter", descending: true }, names))).toBe("dbaec");
  });

  it("is kept while somebody reads: values change, places do not", () => {
    const kept = new Rows();
    kept.follow(board, "fr", communes);
    const units = new Map(board.units).set("c", aUnit({ id: "c", shelter: "s2", seq: 9, free: 18 }));
    kept.follow({ ...board, units }, "fr", communes);
    const read = keep(["e", "a", "d", "c", "b"], (id) => kept.get(id));
    expect(ids(read)).toBe("eadcb");
    expect(read[3]!.unit).toMatchObject({ free: 18 });
    const sorted = arrange(select(kept.follow({ ...board, units }, "fr", communes), NONE, NOW), pressed(FIRST_SORT, "available"), names);
    expect(sameOrder(read, sorted)).toBe(false);
    units.delete("d");
    kept.follow({ ...board, units: new Map(units) }, "fr", communes);
    expect(ids(keep(["e", "a", "d", "c", "b"], (id) => kept.get(id)))).toBe("eacb");
  });
});

describe("remarks", () => {
  const say = (unit: Unit) => remarksOn(unit, "place", NOW, { common, watch: words, time: () => "23:30" });

  it("say nothing of an open unit without trouble", () => expect(say(aUnit())).toEqual([]));

  it("put the worst first, and say everything in words", () => {
    const unit = aUnit({
      flags: ["stuck", "over-capacity", "overcommitted"],
      over_by: 2,
      intake: "paused",
      intake_until: minutesAgo(-90),
    });
    expect(say(unit).map((remark) => remark.text)).toEqual([
      "over capacity by 2",
      "more held than free",
      "source repeats itself",
      "intake paused until 23:30",
    ]);
  });

  it("ask for what should be back", () => {
    const part = { reason: "repair" as const, places: 2, until: minutesAgo(1) };
    const text = "2 places were out until 23:30: are they back?";
    expect(say(aUnit({ out_of_service: [part] }))).toEqual([{ tone: "warn", text }]);
  });

  it("do not speak of the intake of a closed unit", () => {
    expect(say(aUnit({ status: "closed", intake: "paused" }))).toEqual([{ tone: "quiet", text: "closed" }]);
  });
});
