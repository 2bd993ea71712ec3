import { describe, expect, it } from "vitest";
import type { Shelter, Unit } from "../api/types";
import { communeName } from "../communes";
import { en as common } from "../i18n/common/en";
import { compareNames } from "../i18n/format";
import { en as words } from "../i18n/watch/en";
import { aMaskedUnit, aShelter, aUnit, minutesAgo, NOW, someFacts } from "../live/examples";
import { EMPTY, type Board } from "../live/fold";
import { countElsewhere, fromQuery, isFiltered, NONE, select, toQuery, totalsOf, type Criteria } from "./criteria";
import { arrange, FIRST_SORT, keep, pressed, sameOrder } from "./order";
import { remarksOn } from "./remarks";
import { buildRows, type Row } from "./rows";

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

const rows = buildRows(board, "fr", new Map());
const found = (criteria: Partial<Criteria>): string =>
  select(rows.values(), { ...NONE, ...criteria }, NOW)
    .map((row) => row.id)
    .join("");

describe("rows", () => {
  it("stay the same objects where nothing changed, and follow the language", () => {
    const changed = { ...board, units: new Map(board.units).set("a", aUnit({ id: "a", shelter: "s1", seq: 2 })) };
    const next = buildRows(changed, "fr", rows);
    expect(next.get("b")).toBe(rows.get("b"));
    expect(next.get("a")).not.toBe(rows.get("a"));
    expect(buildRows(board, "nl", new Map()).get("a")?.commune).toBe("Elsene");
  });

  it("are there before their shelter is", () => {
    const early = buildRows({ ...board, shelters: new Map() }, "fr", new Map());
    expect(early.get("a")).toMatchObject({ shelterName: "…", unitName: "…", facts: null });
  });

  it("show an unknown commune by its code", () => {
    expect(communeName("62063", "fr")).toBe("62063");
    expect(communeName("21004", "en")).toBe("Bruxelles");
  });
});

describe("the criteria", () => {
  it("keep the two regimes apart", () => {
    expect(found({})).toBe("abcde");
    expect(found({ regime: "admission" })).toBe("f");
    expect(countElsewhere(rows.values(), { ...NONE, text: "foyer" }, NOW)).toBe(1);
  });

  it("find words without their accents, and communes by either name", () => {
    expect(found({ text: "etoile" })).toBe("ab");
    expect(found({ text: "ELSENE unit a" })).toBe("a");
    expect(found({ text: "ixelles b" })).toBe("ab");
    expect(found({ text: "nowhere" })).toBe("");
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
    const later = select(rows.values(), { ...NONE, freshness: "old" }, NOW + 8 * 3_600_000);
    expect(later.map((row) => row.id).join("")).toBe("acde");
  });

  it("survive the address bar, and ignore what makes no sense there", () => {
    const criteria: Criteria = { ...NONE, regime: "admission", text: "à côté", audience: "women", commune: "21004" };
    expect(fromQuery(toQuery(criteria))).toEqual(criteria);
    expect(toQuery(NONE)).toBe("");
    expect(fromQuery("?audience=robots&availability=now")).toEqual({ ...NONE, availability: "now" });
    expect([isFiltered(NONE), isFiltered({ ...NONE, regime: "admission" }), isFiltered(criteria)]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("totals", () => {
  it("never add places to rooms, nor one regime to the other", () => {
    const men = totalsOf(rows.values(), "men", "night");
    expect([men.place.count, men.room.count, men.room.units]).toEqual([3, 3, 1]);
    expect(totalsOf(rows.values(), "men", "admission").place.count).toBe(3);
  });

  it("say so where a band makes them the least there can be", () => {
    const women = totalsOf(rows.values(), "women", "night");
    expect(women.place).toEqual({ units: 3, count: 1, exact: false });
    expect(totalsOf(rows.values(), "men", "night").place.exact).toBe(true);
  });
});

describe("the order", () => {
  const names = compareNames("fr");
  const ids = (list: readonly Row[]) => list.map((row) => row.id).join("");
  const all = select(rows.values(), NONE, NOW);

  it("is by shelter first, and by available with the most on top", () => {
    expect(ids(arrange(all, FIRST_SORT, names))).toBe("ceabd");
    expect(ids(arrange(all, pressed(FIRST_SORT, "available"), names))).toBe("eadcb");
    expect(pressed({ key: "available", descending: true }, "available").descending).toBe(false);
  });

  it("does not depend on the order in which things came", () => {
    for (const key of ["shelter", "commune", "available", "confirmed"] as const) {
      const sort = { key, descending: true };
      expect(ids(arrange([...all].reverse(), sort, names))).toBe(ids(arrange(all, sort, names)));
    }
  });

  it("is kept while somebody reads: values change, places do not", () => {
    const changed = { ...board, units: new Map(board.units).set("c", aUnit({ id: "c", shelter: "s2", seq: 9, free: 18 })) };
    const next = buildRows(changed, "fr", rows);
    const kept = keep(["e", "a", "d", "c", "b"], next);
    expect(ids(kept)).toBe("eadcb");
    expect(kept[3]!.unit).toMatchObject({ free: 18 });
    expect(sameOrder(kept, arrange(kept, { key: "available", descending: true }, names))).toBe(false);
    next.delete("d");
    expect(ids(keep(["e", "a", "d", "c", "b"], next))).toBe("eacb");
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
